namespace Millrace.Caching;

/// <summary>An entry that a warmer could fill. The framework takes the most active first, and among equals the most recently updated.</summary>
/// <param name="Key">The key of the entry.</param>
/// <param name="Activity">How much it is used, in a unit of the warmer's own: views per day, votes, a probability. 0 and above, not NaN; default 0.</param>
/// <param name="UpdatedAt">When what it holds was last changed; the default, the beginning of time, comes last.</param>
public readonly record struct CacheWarmingCandidate(string Key, double Activity = 0, DateTimeOffset UpdatedAt = default)
{
    /// <summary>About how many bytes the entry will weigh; null, the default, where the warmer does not know: then it counts as the cache's average.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>The user whose entry it is; set by the framework for warmers that are registered per user, else null.</summary>
    public string? UserId { get; init; }
}
