namespace Millrace.Caching;

/// <summary>What a cache has done since it was made, and what it holds; a snapshot.</summary>
public sealed record CacheStatistics
{
    /// <summary>The cache's name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether a second level is shared and can be used now, each partition of it; null where there is none.</summary>
    public required bool? IsSharing { get; init; }

    /// <summary>Reads that a stored entry answered.</summary>
    public required long Hits { get; init; }

    /// <summary>Reads that found no valid entry. Reads that were told to pass by the cache count as neither hit nor miss.</summary>
    public required long Misses { get; init; }

    /// <summary>Hits as a share of hits and misses, from 0 to 1; 0 before the first read.</summary>
    public double HitRatio => Hits + Misses == 0 ? 0 : (double)Hits / (Hits + Misses);

    /// <summary>Reads that waited for a factory run which another read had begun.</summary>
    public required long Joins { get; init; }

    /// <summary>Factory runs begun.</summary>
    public required long FactoryRuns { get; init; }

    /// <summary>Factory runs that ended with an exception, cancellation after the last waiter left included.</summary>
    public required long FactoryErrors { get; init; }

    /// <summary>Entries stored.</summary>
    public required long Stores { get; init; }

    /// <summary>Values that were not stored because they are too heavy (see <see cref="CacheOptions.MaximumPayloadBytes"/>).</summary>
    public required long Rejections { get; init; }

    /// <summary>Values that were not stored because an invalidation arrived between the start of their source read and its end.</summary>
    public required long Doomed { get; init; }

    /// <summary>Reads that the second level answered; they are misses of the first.</summary>
    public required long RemoteHits { get; init; }

    /// <summary>Calls of the second level that failed or were not answered in time. No caller has seen them.</summary>
    public required long RemoteErrors { get; init; }

    /// <summary>How long the second level took to read, write and invalidate, where there is one, and how long sources took to read.</summary>
    public required IReadOnlyList<CacheLatency> Latencies { get; init; }

    /// <summary>Reads that got what may be stale, because the second level or the source could not be asked.</summary>
    public required long StaleHits { get; init; }

    /// <summary>Reads that waited for another process that was at the source.</summary>
    public required long LeaseWaits { get; init; }

    /// <summary>Reads that got the last good value because the source took longer than <see cref="CachePolicy.SoftTimeout"/>; stale hits, too.</summary>
    public required long SoftTimeouts { get; init; }

    /// <summary>Factory runs that were given up after <see cref="CachePolicy.HardTimeout"/>, or not begun because earlier ones had not ended.</summary>
    public required long HardTimeouts { get; init; }

    /// <summary>Factories that go on now though their time is over and their tokens are cancelled.</summary>
    public required long OverdueFactories { get; init; }

    /// <summary>Values refreshed in the background before they expired.</summary>
    public required long Refreshes { get; init; }

    /// <summary>Refreshes that failed.</summary>
    public required long RefreshFailures { get; init; }

    /// <summary>Refreshes that were not begun because too many waited (<see cref="CacheOptions.RefreshQueueLimit"/>).</summary>
    public required long RefreshesSkipped { get; init; }

    /// <summary>Invalidated entries that this process has removed from the second level (<see cref="RedisCacheOptions.SweepKeysPerSecond"/>).</summary>
    public required long SweptEntries { get; init; }

    /// <summary>Entries of the second level that this process has looked at to find those.</summary>
    public required long SweepReads { get; init; }

    /// <summary>Sweeps of the second level that this process has brought to their end; where it has partitions, of each for itself.</summary>
    public required long Sweeps { get; init; }

    /// <summary>Entries removed to make room.</summary>
    public required long Evictions { get; init; }

    /// <summary>Entries removed because their time was over.</summary>
    public required long Expirations { get; init; }

    /// <summary>Invalidations: one per key, tag or everything named in a call.</summary>
    public required long Invalidations { get; init; }

    /// <summary>Entries held now; those that are expired or invalidated and not yet reclaimed included.</summary>
    public required int Entries { get; init; }

    /// <summary>The most entries it may hold.</summary>
    public required int EntryLimit { get; init; }

    /// <summary>The bytes its entries weigh now, keys and overhead included.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The most bytes they may weigh.</summary>
    public required long SizeLimitBytes { get; init; }

    /// <summary>Factory runs in progress.</summary>
    public required int Flights { get; init; }

    /// <summary>The same per pattern of key, most read first; what no pattern was left for stands under <c>other</c>.</summary>
    public required IReadOnlyList<CacheKeyPatternStatistics> Patterns { get; init; }
}
