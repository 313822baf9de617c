namespace Millrace.Caching;

/// <summary>What a warmer works with: during the search for candidates, and during one batch. Not shared between batches, which run side by side.</summary>
public sealed class CacheWarmingContext
{
    internal CacheWarmingContext(IServiceProvider services, Cache cache, string? userId) => (Services, Cache, UserId) = (services, cache, userId);

    /// <summary>The services of a scope that lives as long as this context.</summary>
    public IServiceProvider Services { get; }

    /// <summary>The cache to fill.</summary>
    public Cache Cache { get; }

    /// <summary>The user to search candidates for; null for warmers that are not per user, and in batches (see <see cref="CacheWarmingCandidate.UserId"/>).</summary>
    public string? UserId { get; }
}
