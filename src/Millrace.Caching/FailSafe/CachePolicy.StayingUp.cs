namespace Millrace.Caching;

/// <summary>What keeps readers served when the source fails, is slow, or has nothing.</summary>
public sealed partial record CachePolicy
{
    /// <summary>The longest <see cref="FailSafe"/>: 30 days.</summary>
    public static readonly TimeSpan LongestFailSafe = TimeSpan.FromDays(30);

    /// <summary>
    /// How long after its expiry the last good value may be served when the source fails or is too slow. From zero (the default: not at all) to
    /// <see cref="LongestFailSafe"/>. It stays in memory, and in the second level, for that much longer. An invalidated value is never served.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or too long.</exception>
    public TimeSpan FailSafe
    {
        get;
        init => field = value >= TimeSpan.Zero && value <= LongestFailSafe
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"FailSafe of a cache policy must be from zero to {LongestFailSafe}.");
    }

    /// <summary>
    /// How long the source is not asked again for a key after it has failed and the last good value was served in its place; by no process, where a
    /// second level is shared. From 1 ms to one hour; default five seconds.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan FailSafeThrottle
    {
        get;
        init => field = value >= TimeSpan.FromMilliseconds(1) && value <= TimeSpan.FromHours(1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "FailSafeThrottle of a cache policy must be from 1 ms to one hour.");
    }

        = TimeSpan.FromSeconds(5);

    /// <summary>
    /// After this long a reader gets the last good value, if there is one (<see cref="FailSafe"/>), and the factory goes on in the background and stores what it
    /// brings. Greater than zero; null (the default): readers wait.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan? SoftTimeout
    {
        get;
        init => field = value is { } span ? Positive(span, nameof(SoftTimeout)) : null;
    }

    /// <summary>
    /// After this long the factory's token is cancelled, and its readers get the last good value (<see cref="FailSafe"/>), or else a
    /// <see cref="TimeoutException"/>, also if the factory ignores its token; then it is not run again for the key before it has ended. Greater than
    /// zero; null (the default): no limit, or one minute where <see cref="SoftTimeout"/> is set or a value is refreshed in the background.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan? HardTimeout
    {
        get;
        init => field = value is { } span ? Positive(span, nameof(HardTimeout)) : null;
    }

    /// <summary>The lifetime of null, which says that there is nothing; greater than zero; null (the default): as any value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan? NegativeExpiration
    {
        get;
        init => field = value is { } span ? Positive(span, nameof(NegativeExpiration)) : null;
    }

    /// <summary>
    /// Tells which exceptions of a factory mean that there is nothing: they count as if it had returned null, which is kept for
    /// <see cref="NegativeExpiration"/>. Where the value's type has no null, and by default, exceptions go to the callers. Must not throw.
    /// </summary>
    public Func<Exception, bool>? NotFoundWhen { get; init; }

    /// <summary>
    /// The share of its lifetime after which an entry that is read is read from its source again in the background, while it goes on being served: 0.8 of
    /// five minutes is after four. Greater than 0 and less than 1; null (the default): not before it has expired.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 0 and 1.</exception>
    public double? RefreshAhead
    {
        get;
        init => field = value is null or (> 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "RefreshAhead of a cache policy is a share between 0 and 1, such as 0.8.");
    }
}
