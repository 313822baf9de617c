using Microsoft.Extensions.Caching.Distributed;

namespace Millrace.Caching.Remote;

/// <summary>That a cache has a second level.</summary>
/// <param name="CacheName">The cache.</param>
/// <param name="Store">Gives the store that it is in; null: it is in Redis.</param>
/// <param name="Timeout">Of a store: the longest that a call of it may take.</param>
internal sealed record SecondLevelRegistration(string CacheName, Func<IServiceProvider, IDistributedCache>? Store = null, TimeSpan Timeout = default);
