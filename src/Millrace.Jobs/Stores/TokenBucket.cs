namespace Millrace.Jobs.Stores;

/// <summary>A <see cref="JobRateKind.TokenBucket"/>, kept as the moment at which it is full again, in milliseconds. Every store counts alike.</summary>
internal static class TokenBucket
{
    /// <summary>What rounding may cost; far below a token.</summary>
    private const double Tolerance = 1e-6;

    /// <summary>The moment as it counts now: a bucket is never fuller than full, nor emptier than empty.</summary>
    public static double Normalize(double full, JobRate rate, double now) => Math.Min(Math.Max(full, now), now + rate.Period.TotalMilliseconds);

    /// <summary>How many tokens a normalized bucket holds.</summary>
    public static int Tokens(double full, JobRate rate, double now) =>
        (int)Math.Floor(((now + rate.Period.TotalMilliseconds - full) * rate.Count / rate.Period.TotalMilliseconds) + Tolerance);

    /// <summary>The moment after so many tokens were taken.</summary>
    public static double Take(double full, JobRate rate, int tokens) => full + (tokens * rate.Period.TotalMilliseconds / rate.Count);

    /// <summary>When an empty bucket has a token.</summary>
    public static double Next(double full, JobRate rate) =>
        Math.Ceiling(full + (rate.Period.TotalMilliseconds / rate.Count) - rate.Period.TotalMilliseconds - Tolerance);
}
