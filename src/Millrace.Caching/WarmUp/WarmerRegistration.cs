namespace Millrace.Caching.WarmUp;

/// <summary>A warmer as it was declared: either one that fills the cache by itself, or one that names candidates and loads batches of them.</summary>
internal sealed record WarmerRegistration(string Name, string CacheName)
{
    /// <summary>Sets the plan up, before configuration has its say; null: the defaults.</summary>
    public Action<CacheWarmerPlan>? Configure { get; init; }

    /// <summary>Fills the cache by itself; null where <see cref="Find"/> and <see cref="Load"/> are set.</summary>
    public Func<IServiceProvider, Cache, CancellationToken, ValueTask<int>>? Fill { get; init; }

    /// <summary>Names candidates.</summary>
    public Func<CacheWarmingContext, CancellationToken, IAsyncEnumerable<CacheWarmingCandidate>>? Find { get; init; }

    /// <summary>Loads a batch and returns how many entries it filled.</summary>
    public Func<CacheWarmingContext, IReadOnlyList<CacheWarmingCandidate>, CancellationToken, ValueTask<int>>? Load { get; init; }

    /// <summary>Candidates are searched per user.</summary>
    public bool IsPerUser { get; init; }
}
