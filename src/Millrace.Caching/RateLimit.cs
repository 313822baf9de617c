using System.Globalization;
using Millrace.Caching.Limiting;

namespace Millrace.Caching;

/// <summary>How much of something is allowed in which time. Immutable; make one for each rule and keep it.</summary>
public sealed class RateLimit
{
    private const int MaximumPermits = 1_000_000_000;

    private RateLimit(LimitKind kind, int permits, TimeSpan window, long interval)
    {
        (Kind, PermitLimit, Window, IntervalMicroseconds) = (kind, permits, window, interval);
        Signature = string.Create(CultureInfo.InvariantCulture, $"{kind.ToString()[..1]}{permits}/{interval}:");
    }

    /// <summary>The most that one call may ask for: the permits of a window, or what the bucket holds.</summary>
    public int PermitLimit { get; }

    /// <summary>The length of a window; for a bucket, the time in which an empty one fills.</summary>
    public TimeSpan Window { get; }

    internal LimitKind Kind { get; }

    /// <summary>Of a bucket: between two tokens. Of a window: its length.</summary>
    internal long IntervalMicroseconds { get; }

    /// <summary>What keeps the states of different limits apart that are used for one resource.</summary>
    internal string Signature { get; }

    /// <summary>
    /// So many permits in a window that begins with the first of them and ends all at once. Cheap and easy to explain; around the end of a window
    /// twice the permits may go in a short time.
    /// </summary>
    /// <param name="permits">From 1 to 1,000,000,000.</param>
    /// <param name="window">From 1 ms to 365 days, in whole milliseconds.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static RateLimit FixedWindow(int permits, TimeSpan window) =>
        new(LimitKind.Fixed, Checked(permits, nameof(permits)), Checked(window, nameof(window)), (long)window.TotalMicroseconds);

    /// <summary>
    /// So many permits in a window that moves along: those of the window before count in proportion to the part of it that is still in sight. In any
    /// time x up to the window's length at most <paramref name="permits"/> × (1 + x / window) go, and evenly spread ones are counted exactly.
    /// </summary>
    /// <param name="permits">From 1 to 1,000,000,000.</param>
    /// <param name="window">From 1 ms to 365 days, in whole milliseconds.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static RateLimit SlidingWindow(int permits, TimeSpan window) =>
        new(LimitKind.Sliding, Checked(permits, nameof(permits)), Checked(window, nameof(window)), (long)window.TotalMicroseconds);

    /// <summary>
    /// A bucket of tokens that fills steadily: in any time x at most <paramref name="capacity"/> + x × <paramref name="tokens"/> / <paramref name="period"/>
    /// permits go. The time between two tokens is rounded up to whole microseconds.
    /// </summary>
    /// <remarks>Kept as the time at which the bucket is full again: the generic cell rate algorithm (ITU-T I.371).</remarks>
    /// <param name="capacity">What it holds, full at first: the largest burst. From 1 to 1,000,000,000.</param>
    /// <param name="tokens">What flows in each period. From 1 to 1,000,000,000, at most one each microsecond.</param>
    /// <param name="period">From 1 ms to 365 days.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range, or the bucket would take more than ten years to fill.</exception>
    public static RateLimit TokenBucket(int capacity, int tokens, TimeSpan period)
    {
        Checked(capacity, nameof(capacity));
        var microseconds = (long)Checked(period, nameof(period)).TotalMicroseconds;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Checked(tokens, nameof(tokens)), microseconds, nameof(tokens));
        var interval = (microseconds + tokens - 1) / tokens;
        var fills = (decimal)interval * capacity;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fills, (decimal)CachePolicy.LongestExpiration.TotalMicroseconds, nameof(capacity));
        return new(LimitKind.Token, capacity, TimeSpan.FromMicroseconds((long)fills), interval);
    }

    /// <summary>What it says, for people.</summary>
    public override string ToString() => Kind == LimitKind.Token
        ? string.Create(CultureInfo.InvariantCulture, $"bucket of {PermitLimit}, full after {Window}")
        : string.Create(CultureInfo.InvariantCulture, $"{PermitLimit} each {Window}, {(Kind == LimitKind.Fixed ? "fixed" : "sliding")} window");

    private static int Checked(int permits, string parameter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(permits, 1, parameter);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permits, MaximumPermits, parameter);
        return permits;
    }

    private static TimeSpan Checked(TimeSpan window, string parameter) =>
        window >= TimeSpan.FromMilliseconds(1) && window <= TimeSpan.FromDays(365) && window.Ticks % TimeSpan.TicksPerMillisecond == 0
            ? window
            : throw new ArgumentOutOfRangeException(parameter, window, "It must be from 1 ms to 365 days, in whole milliseconds.");
}
