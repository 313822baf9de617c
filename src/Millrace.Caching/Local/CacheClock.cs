namespace Millrace.Caching.Local;

/// <summary>The time of a cache: timestamps that never go back, in units of the provider, whatever happens to the wall clock.</summary>
internal sealed class CacheClock(TimeProvider provider)
{
    private readonly double _unitsPerTick = (double)provider.TimestampFrequency / TimeSpan.TicksPerSecond;

    public long Now => provider.GetTimestamp();

    public long Units(TimeSpan span) => Math.Max(1, (long)(span.Ticks * _unitsPerTick));

    public ITimer CreateTimer(TimerCallback callback, object state) =>
        provider.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
