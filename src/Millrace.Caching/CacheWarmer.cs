namespace Millrace.Caching;

/// <summary>A registered warmer, and how its runs went.</summary>
/// <param name="Name">Its name.</param>
/// <param name="CacheName">The name of the cache that it fills.</param>
/// <param name="LastRun">Its last finished run; null when it has not run yet.</param>
public sealed record CacheWarmer(string Name, string CacheName, CacheWarmingRun? LastRun)
{
    /// <summary>Which goes first when several are to run.</summary>
    public CacheWarmingPriority Priority { get; init; } = CacheWarmingPriority.Medium;

    /// <summary>Whether it is registered per user.</summary>
    public bool IsPerUser { get; init; }

    /// <summary>Whether it can run without a user: it is not per user, or its plan names the users.</summary>
    public bool RunsForAll { get; init; } = true;

    /// <summary>Finished runs since the process started.</summary>
    public long Runs { get; init; }

    /// <summary>Those of them in which something failed for good.</summary>
    public long FailedRuns { get; init; }

    /// <summary>Entries that all its runs say they filled.</summary>
    public long Entries { get; init; }

    /// <summary>When the schedule runs it next; null when it does not.</summary>
    public DateTimeOffset? NextRunAt { get; init; }
}
