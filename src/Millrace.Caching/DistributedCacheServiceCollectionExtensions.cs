using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.Caching.DropIns;

namespace Millrace.Caching;

/// <summary>Registers a cache as the <see cref="IDistributedCache"/> that sessions, tokens and other parts of ASP.NET Core keep things in.</summary>
public static class DistributedCacheServiceCollectionExtensions
{
    /// <summary>The name of the cache that holds the entries unless another is named.</summary>
    public const string DefaultCacheName = "distributed";

    /// <summary>
    /// Registers a cache of ours as <see cref="IDistributedCache"/> and <see cref="IBufferDistributedCache"/>, in place of one that is registered.
    /// It is a named cache with a budget of its own, and shared between processes where it uses Redis.
    /// </summary>
    /// <remarks>
    /// Expiration is absolute, sliding or both; what has neither stays for <see cref="CachePolicy.LongestExpiration"/> or until room is needed. Any key
    /// is taken; one that breaks the rules of keys is hashed. A value heavier than <see cref="CacheOptions.MaximumPayloadBytes"/> is not stored, which
    /// is logged. The synchronous methods wait for nothing in one process; with a second level they block their thread until it answers.
    /// </remarks>
    /// <param name="services">The services to register in.</param>
    /// <param name="name">The cache's name; its options are in the configuration section <c>Millrace:Cache:Caches:NAME</c>.</param>
    /// <returns>The cache, for options and <c>UseRedis</c>.</returns>
    /// <exception cref="ArgumentException">The name breaks the rules of cache names.</exception>
    public static CacheBuilder AddMillraceDistributedCache(this IServiceCollection services, string name = DefaultCacheName)
    {
        ArgumentNullException.ThrowIfNull(services);
        var builder = services.AddMillraceCache(name, static options => options.Immutable<DistributedEntry>(static entry => entry.Weight));
        services.TryAddSingleton<IHybridCacheSerializer<DistributedEntry>, DistributedEntrySerializer>();
        services.RemoveAll<IDistributedCache>();
        services.RemoveAll<IBufferDistributedCache>();
        services.AddSingleton<IBufferDistributedCache>(provider =>
            new DistributedCache(provider.GetRequiredService<CacheRegistry>().Get(name), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IDistributedCache>(static provider => provider.GetRequiredService<IBufferDistributedCache>());
        return builder;
    }
}
