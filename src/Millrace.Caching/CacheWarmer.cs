namespace Millrace.Caching;

/// <summary>A registered warmer, and how its last run went.</summary>
/// <param name="Name">Its name.</param>
/// <param name="CacheName">The name of the cache that it fills.</param>
/// <param name="LastRun">Its last finished run; null when it has not run yet.</param>
public sealed record CacheWarmer(string Name, string CacheName, CacheWarmingRun? LastRun);
