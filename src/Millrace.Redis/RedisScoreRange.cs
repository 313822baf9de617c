using System.Globalization;

namespace Millrace.Redis;

/// <summary>A range of scores. Its ends belong to it unless they are excluded; the default value holds the score 0 only.</summary>
/// <param name="Minimum">The least score; <see cref="double.NegativeInfinity"/>: no bound. Not NaN.</param>
/// <param name="Maximum">The greatest score; <see cref="double.PositiveInfinity"/>: no bound. Not NaN.</param>
public readonly record struct RedisScoreRange(double Minimum, double Maximum)
{
    /// <summary>All scores.</summary>
    public static RedisScoreRange All => new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>Whether a score equal to <see cref="Minimum"/> is outside. Default: false.</summary>
    public bool ExcludesMinimum { get; init; }

    /// <summary>Whether a score equal to <see cref="Maximum"/> is outside. Default: false.</summary>
    public bool ExcludesMaximum { get; init; }

    /// <summary>Scores of a value or more.</summary>
    /// <param name="minimum">The least score.</param>
    public static RedisScoreRange AtLeast(double minimum) => new(minimum, double.PositiveInfinity);

    /// <summary>Scores of a value or less.</summary>
    /// <param name="maximum">The greatest score.</param>
    public static RedisScoreRange AtMost(double maximum) => new(double.NegativeInfinity, maximum);

    internal RedisArgument MinimumArgument => Bound(Minimum, ExcludesMinimum);

    internal RedisArgument MaximumArgument => Bound(Maximum, ExcludesMaximum);

    private static RedisArgument Bound(double score, bool excluded)
    {
        if (double.IsNaN(score))
        {
            throw new ArgumentException("A range of scores cannot end at NaN.", nameof(score));
        }

        return !excluded ? score
            : double.IsInfinity(score) ? score > 0 ? "(inf" : "(-inf"
            : string.Create(CultureInfo.InvariantCulture, $"({score:R}");
    }
}
