namespace Millrace.Caching;

/// <summary>A finished run of a warmer.</summary>
/// <param name="Name">The warmer's name.</param>
/// <param name="CacheName">The name of the cache that it filled.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Entries">How many entries it says it filled; 0 when it failed.</param>
/// <param name="Failure">What it failed with, in one line; null when it succeeded.</param>
public sealed record CacheWarmingRun(string Name, string CacheName, DateTimeOffset StartedAt, TimeSpan Duration, int Entries, string? Failure)
{
    /// <summary>True when the run did not fail.</summary>
    public bool Succeeded => Failure is null;
}
