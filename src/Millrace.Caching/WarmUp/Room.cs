using System.Globalization;

namespace Millrace.Caching.WarmUp;

/// <summary>
/// How much a run may still put into its cache: what is free, and a stated share that it may evict. Whatever the cache evicts during the run counts
/// against that share, whoever caused it: a cache that evicts because of its readers has better things to hold. Thread-safe.
/// </summary>
internal sealed class Room
{
    private const long UnknownWeight = 1024;

    private readonly Lock _lock = new(); // guards the entries and bytes on their way
    private readonly Cache _cache;
    private readonly double _evictionShare;
    private readonly long _evictedBefore;
    private int _entriesOnTheirWay;
    private long _bytesOnTheirWay;

    public Room(Cache cache, double evictionShare)
    {
        (_cache, _evictionShare) = (cache, evictionShare);
        var statistics = cache.GetStatistics();
        _evictedBefore = statistics.Evictions;
        AverageWeight = statistics.Entries == 0 ? UnknownWeight : Math.Max(1, statistics.SizeBytes / statistics.Entries);
    }

    /// <summary>What an entry weighs whose candidate does not say.</summary>
    public long AverageWeight { get; }

    /// <summary>Takes room for the next candidates.</summary>
    /// <returns>For how many of them there is room; 0 when the run has to stop.</returns>
    public int Take(ReadOnlySpan<CacheWarmingCandidate> next)
    {
        var statistics = _cache.GetStatistics();
        var evicted = statistics.Evictions - _evictedBefore;
        lock (_lock)
        {
            var entries = statistics.EntryLimit - statistics.Entries + (long)(_evictionShare * statistics.EntryLimit) - evicted - _entriesOnTheirWay;
            var bytes = statistics.SizeLimitBytes - statistics.SizeBytes + (long)(_evictionShare * statistics.SizeLimitBytes)
                - (evicted * AverageWeight) - _bytesOnTheirWay;
            var taken = 0;
            for (; taken < next.Length && taken < entries && WeightOf(next[taken]) <= bytes; taken++)
            {
                bytes -= WeightOf(next[taken]);
                _bytesOnTheirWay += WeightOf(next[taken]);
            }

            _entriesOnTheirWay += taken;
            return taken;
        }
    }

    /// <summary>A batch has ended: what it has put into the cache is counted there.</summary>
    public void Give(ReadOnlySpan<CacheWarmingCandidate> ended)
    {
        lock (_lock)
        {
            _entriesOnTheirWay -= ended.Length;
            foreach (var candidate in ended)
            {
                _bytesOnTheirWay -= WeightOf(candidate);
            }
        }
    }

    /// <summary>What is said when there is none.</summary>
    public string Explain()
    {
        var statistics = _cache.GetStatistics();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"The cache holds {statistics.Entries} of {statistics.EntryLimit} entries and {statistics.SizeBytes} of {statistics.SizeLimitBytes} bytes; "
            + $"{statistics.Evictions - _evictedBefore} entries were evicted during the run, and more than a share of {_evictionShare} would be.");
    }

    private long WeightOf(in CacheWarmingCandidate candidate) => candidate.SizeBytes ?? AverageWeight;
}
