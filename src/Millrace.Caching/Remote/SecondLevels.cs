using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Caching.DropIns;
using Millrace.Caching.Naming;
using Millrace.Caching.Remote.Distributed;
using Millrace.Caching.Remote.Partitioned;
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
        var usesRedis = registrations.Any(static registration => registration.Store is null);
        var store = registrations.LastOrDefault(static registration => registration.Store is not null) is { } other ? Store(services, other, options, time, logger) : null;
        if (!usesRedis)
        {
            return store;
        }

        return options.Redis.Partitions.Count > 0
            ? Partitions(services, name, options, store, time, logger)
            : Redis(services, name, Default(services, name), options, store, time, logger, layout: null);
    }

    private static RedisOptions Default(IServiceProvider services, string name) =>
        services.GetRequiredService<IServiceProviderIsService>().IsService(typeof(RedisClient))
            ? services.GetRequiredService<IOptionsMonitor<RedisOptions>>().Get(Options.DefaultName)
            : throw new InvalidOperationException(
                $"Cache '{name}' was to use several servers and names none. Give UseRedis their names and connection strings, or set Redis:Partitions in its section.");

    /// <summary>One server, or the default one, and while it is away the store, if there is one.</summary>
    private static SecondLevelFactory Redis(
        IServiceProvider services, string name, RedisOptions redis, CacheOptions options, SecondLevelFactory? store, TimeProvider time, ILogger logger,
        (LayoutWatch Watch, int Partition)? layout)
    {
        var redisServices = new RedisClientServices
        {
            LoggerFactory = services.GetService<ILoggerFactory>(), MeterFactory = services.GetService<IMeterFactory>(), TimeProvider = time,
        };
        SecondLevelFactory level = (local, patterns, clock) =>
            new RedisLevel(name, options, CacheRegistration.KeyPrefix(name, options), (redis, redisServices), local, patterns, (clock, time), logger, layout);
        return store is null ? level : (local, patterns, clock) => new FallbackLevel(level(local, patterns, clock), (DistributedLevel)store(local, patterns, clock));
    }

    /// <summary>Several servers. Where there is a store to fall back to, each has its own part of that: an outage begins and ends for each by itself.</summary>
    private static SecondLevelFactory Partitions(
        IServiceProvider services, string name, CacheOptions options, SecondLevelFactory? store, TimeProvider time, ILogger logger)
    {
        var servers = options.Redis.Partitions.ToDictionary(
            static partition => partition.Key.ToLowerInvariant(), // as configuration takes names, whose case is not part of them
            static partition => RedisOptions.Parse(partition.Value),
            StringComparer.Ordinal);
        return (local, patterns, clock) => new PartitionedLevel(
            new Rendezvous(servers.Keys), local, time,
            (partition, number, part, watch) => Redis(services, name, servers[partition], options, store, time, logger, (watch, number))(part, patterns, clock));
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
