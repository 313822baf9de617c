using System.Globalization;

namespace Millrace.Jobs.Scheduling;

/// <summary>When a schedule ticks, as its text says: a cron expression, or <c>@every</c> and an interval. Immutable.</summary>
internal sealed class Ticks
{
    private const string Every = "@every ";

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3_650);

    private readonly CronExpression? _cron; // null: an interval
    private readonly TimeSpan _interval;

    private Ticks(CronExpression? cron, TimeSpan interval) => (_cron, _interval) = (cron, interval);

    /// <summary>The text of an interval.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is shorter than a second, longer than ten years, or not in whole milliseconds.</exception>
    public static string Text(TimeSpan interval)
    {
        if (interval < Shortest || interval > Longest || interval.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(interval), interval, "A schedule runs every second to every ten years, in whole milliseconds.");
        }

        return Every + interval.ToString("c", CultureInfo.InvariantCulture);
    }

    /// <exception cref="FormatException">The text is neither.</exception>
    public static Ticks Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.StartsWith(Every, StringComparison.Ordinal))
        {
            return new Ticks(CronExpression.Parse(text), default);
        }

        return TimeSpan.TryParseExact(text.AsSpan(Every.Length), "c", CultureInfo.InvariantCulture, out var interval) && interval >= Shortest && interval <= Longest
            ? new Ticks(null, interval)
            : throw new FormatException($"The schedule's interval '{text}' is not one of a second to ten years, such as '@every 00:05:00'.");
    }

    /// <summary>The first tick after an instant; intervals are counted from an origin, so that all nodes agree and a restart changes nothing.</summary>
    public DateTimeOffset? After(DateTimeOffset after, TimeZoneInfo zone, DateTimeOffset origin)
    {
        if (_cron is not null)
        {
            return _cron.GetNextOccurrence(after, zone)?.ToUniversalTime();
        }

        if (after < origin)
        {
            return origin;
        }

        var passed = (after - origin).Ticks / _interval.Ticks;
        return origin.AddTicks((passed + 1) * _interval.Ticks);
    }
}
