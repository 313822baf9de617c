using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Caching.DropIns;
using Millrace.Caching.Naming;
using Millrace.Caching.Remote.Distributed;
using Millrace.Caching.Remote.Redis;
using Millrace.Redis;

namespace Millrace.Caching.Remote;

/// <summary>Makes the second levels of caches as they are registered.</summary>
internal static class SecondLevels
{
    /// <summary>What makes the second level of a cache; null where it has none.</summary>
    public static SecondLevelFactory? Of(IServiceProvider services, string name, CacheOptions options, TimeProvider time, ILogger logger)
    {
        var registrations = services.GetServices<SecondLevelRegistration>()
            .Where(registration => string.Equals(registration.CacheName, name, StringComparison.OrdinalIgnoreCase)).ToArray();
        var redis = registrations.Any(static registration => registration.Store is null) ? Redis(services, name, options, time, logger) : null;
        var store = registrations.LastOrDefault(static registration => registration.Store is not null) is { } other ? Store(services, other, options, time, logger) : null;
        return redis is null || store is null
            ? redis ?? store
            : (local, patterns, clock) => new FallbackLevel(redis(local, patterns, clock), (DistributedLevel)store(local, patterns, clock));
    }

    private static SecondLevelFactory Redis(IServiceProvider services, string name, CacheOptions options, TimeProvider time, ILogger logger)
    {
        var redis = services.GetRequiredService<IOptionsMonitor<RedisOptions>>().Get(Options.DefaultName);
        var redisServices = new RedisClientServices
        {
            LoggerFactory = services.GetService<ILoggerFactory>(), MeterFactory = services.GetService<IMeterFactory>(), TimeProvider = time,
        };
        return (local, patterns, clock) =>
            new RedisLevel(name, options, CacheRegistration.KeyPrefix(name, options), (redis, redisServices), local, patterns, (clock, time), logger);
    }

    private static SecondLevelFactory Store(IServiceProvider services, SecondLevelRegistration registration, CacheOptions options, TimeProvider time, ILogger logger)
    {
        var (name, store) = (registration.CacheName, registration.Store!(services));
        if (store is DistributedCache)
        {
            throw new InvalidOperationException(
                $"Cache '{name}' cannot have Millrace's own IDistributedCache as its second level: that is a cache in this process. Give UseDistributedCache "
                + "another one, such as that of SQL Server or PostgreSQL, or let both use Redis (UseRedis).");
        }

        return (_, patterns, _) =>
            new DistributedLevel(name, options, CacheRegistration.KeyPrefix(name, options), () => store, registration.Timeout, patterns, time, logger);
    }
}
