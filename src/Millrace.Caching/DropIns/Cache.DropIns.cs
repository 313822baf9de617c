using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching;

/// <summary>What stand-ins for other caches, and events by name, need of a cache.</summary>
public sealed partial class Cache
{
    /// <summary>The caches of its process; null: it stands alone.</summary>
    internal CacheRegistry? Registry => _registry;

    /// <summary>Reads what the cache has, here or in the second level, and asks no source; what is null counts as nothing.</summary>
    internal ValueTask<T?> FindAsync<T>(string key, CachePolicy policy, HybridCacheEntryFlags flags, CancellationToken cancellationToken)
        where T : class =>
        _reads.ReadAsync(
            key, 0, static (_, _) => new ValueTask<T?>((T?)null), policy,
            new HybridCacheEntryOptions { Flags = flags | HybridCacheEntryFlags.DisableUnderlyingData }, tags: null, cancellationToken);
}
