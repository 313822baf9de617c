namespace Millrace.Caching.Statistics;

/// <summary>Counts durations by <see cref="CacheLatency.Bounds"/>. Thread-safe.</summary>
internal sealed class LatencyHistogram
{
    private static readonly long[] Bounds = [.. CacheLatency.Bounds.Select(static seconds => TimeSpan.FromSeconds(seconds).Ticks)];

    private readonly long[] _buckets = new long[Bounds.Length + 1];
    private long _ticks;

    public void Add(TimeSpan duration)
    {
        var bucket = 0;
        while (bucket < Bounds.Length && duration.Ticks > Bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _buckets[bucket]);
        Interlocked.Add(ref _ticks, duration.Ticks);
    }

    /// <summary>What some have counted, together; null: has counted nothing.</summary>
    public static CacheLatency Sum(string layer, string operation, params IEnumerable<LatencyHistogram?> histograms)
    {
        var (buckets, ticks) = (new long[Bounds.Length + 1], 0L);
        foreach (var histogram in histograms)
        {
            for (var i = 0; histogram is not null && i < buckets.Length; i++)
            {
                buckets[i] += Volatile.Read(ref histogram._buckets[i]);
            }

            ticks += histogram is null ? 0 : Volatile.Read(ref histogram._ticks);
        }

        return new CacheLatency(layer, operation, buckets.Sum(), TimeSpan.FromTicks(ticks).TotalSeconds, buckets);
    }
}
