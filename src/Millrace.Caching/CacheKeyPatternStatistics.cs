namespace Millrace.Caching;

/// <summary>What a cache has done for the keys of one pattern, such as <c>project:{}</c>.</summary>
public sealed record CacheKeyPatternStatistics
{
    /// <summary>The key with what looks like an identifier replaced by <c>{}</c>, at most four segments between colons.</summary>
    public required string Pattern { get; init; }

    /// <summary>Reads that a stored entry answered.</summary>
    public required long Hits { get; init; }

    /// <summary>Reads that found no valid entry.</summary>
    public required long Misses { get; init; }

    /// <summary>Hits as a share of hits and misses, from 0 to 1; 0 before the first read.</summary>
    public double HitRatio => Hits + Misses == 0 ? 0 : (double)Hits / (Hits + Misses);

    /// <summary>Reads that the second level answered; they are misses of the first.</summary>
    public required long RemoteHits { get; init; }

    /// <summary>Reads that got what may be stale, because the second level or the source could not be asked.</summary>
    public required long StaleHits { get; init; }

    /// <summary>Factory runs begun.</summary>
    public required long FactoryRuns { get; init; }

    /// <summary>Factory runs that ended with an exception.</summary>
    public required long FactoryErrors { get; init; }

    /// <summary>How long the source took.</summary>
    public required CacheLatency SourceLatency { get; init; }

    /// <summary>How long the second level took to read; empty where there is none.</summary>
    public required CacheLatency RemoteLatency { get; init; }

    /// <summary>Entries removed to make room.</summary>
    public required long Evictions { get; init; }

    /// <summary>Entries removed because their time was over.</summary>
    public required long Expirations { get; init; }

    /// <summary>Entries held now.</summary>
    public required long Entries { get; init; }

    /// <summary>The bytes they weigh.</summary>
    public required long SizeBytes { get; init; }
}
