using System.Runtime.CompilerServices;

namespace Millrace.Caching.Local;

/// <summary>The time of a cache: milliseconds since the cache was made, which never go back, whatever happens to the wall clock.</summary>
/// <remarks>
/// A precise timestamp costs as much as the look-up of an entry (30 ns against 40), and the operating system's coarse one a quarter of it; so with the
/// system's time a cache that stands alone reads a field that is kept by <see cref="CoarseTime"/>. By its lag, some 10 ms, an entry may outlive its
/// expiry; nothing else is late. A cache that shares a second level asks the operating system (4 ms behind at most on Linux, 16 ms on Windows), because
/// the end of its trust in what it has heard must not come late, whatever happens to a thread. Any other provider, such as a test's, is asked itself and is exact.
/// </remarks>
internal sealed class CacheClock
{
    private const int Slack = 10_000; // so that Now is positive, however far the field is behind

    private readonly TimeProvider _provider;
    private readonly bool _isSystem;
    private readonly CoarseTime? _kept;
    private readonly long _start;

    /// <param name="provider">The time.</param>
    /// <param name="isLenient">Whether it may be late by more than the operating system's coarse clock, should the process stand still.</param>
    public CacheClock(TimeProvider provider, bool isLenient = false)
    {
        _provider = provider;
        _isSystem = ReferenceEquals(provider, TimeProvider.System);
        _kept = _isSystem && isLenient ? CoarseTime.OfProcess : null;
        _start = _isSystem ? CoarseTime.Exact - Slack : provider.GetTimestamp();
    }

    /// <summary>How many milliseconds the clock may be behind at most: to be taken off where it must not be late, such as the end of a promise to others.</summary>
    public long Lag => _isSystem ? 16 : 0;

    public long Now
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _kept is { } kept ? kept.Now - _start : Exact();
    }

#pragma warning disable CA1822 // callers ask their clock, whatever its unit is
    /// <summary>A span in the clock's units, rounded up; 1 at least.</summary>
    public long Units(TimeSpan span) => 
        Math.Max(1, (span.Ticks / TimeSpan.TicksPerMillisecond) + (span.Ticks % TimeSpan.TicksPerMillisecond > 0 ? 1 : 0));

    public TimeSpan Span(long units) => TimeSpan.FromMilliseconds(units);
#pragma warning restore CA1822

    public ITimer CreateTimer(TimerCallback callback, object state) =>
        _provider.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private long Exact() => _isSystem ? CoarseTime.Exact - _start : Precise();

    private long Precise() => (long)((Int128)(_provider.GetTimestamp() - _start) * 1000 / _provider.TimestampFrequency);
}
