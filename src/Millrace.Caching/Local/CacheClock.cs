namespace Millrace.Caching.Local;

/// <summary>The time of a cache: milliseconds since the cache was made, which never go back, whatever happens to the wall clock.</summary>
/// <remarks>
/// A precise timestamp costs as much as the look-up of an entry (30 ns against 40), so with the system's time the clock reads the operating
/// system's coarse one, which is moved by the timer interrupt and lags by 4 ms at most on Linux and 16 ms on Windows (8 ns). By that much an entry
/// may outlive its expiry; nothing else is late. Any other provider, such as a test's, is asked itself and is exact.
/// </remarks>
internal sealed class CacheClock
{
    private const double TicksPerMillisecond = TimeSpan.TicksPerMillisecond;

    private readonly TimeProvider _provider;
    private readonly bool _isSystem;
    private readonly long _start;

    public CacheClock(TimeProvider provider)
    {
        _provider = provider;
        _isSystem = ReferenceEquals(provider, TimeProvider.System);
        _start = _isSystem ? Coarse : provider.GetTimestamp();
    }

    /// <summary>How many milliseconds the clock may be behind at most: to be taken off where it must not be late, such as the end of a promise to others.</summary>
    public long Lag => _isSystem ? 16 : 0;

    public long Now => _isSystem ? Coarse - _start : Precise();

#pragma warning disable RS0030 // the one place that reads the system's coarse clock, and only where TimeProvider.System was injected
    private static long Coarse => Environment.TickCount64;
#pragma warning restore RS0030

#pragma warning disable CA1822 // callers ask their clock, whatever its unit is
    /// <summary>A span in the clock's units, rounded up; 1 at least.</summary>
    public long Units(TimeSpan span) => Math.Max(1, (long)Math.Ceiling(span.Ticks / TicksPerMillisecond));

    public TimeSpan Span(long units) => TimeSpan.FromMilliseconds(units);
#pragma warning restore CA1822

    public ITimer CreateTimer(TimerCallback callback, object state) =>
        _provider.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private long Precise() => (long)((Int128)(_provider.GetTimestamp() - _start) * 1000 / _provider.TimestampFrequency);
}
