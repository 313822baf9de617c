using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.Remote;
using Millrace.Redis;

namespace Millrace.Caching;

/// <summary>Gives caches a second level in Redis, which all processes share that use the same server and <see cref="CacheOptions.KeyPrefix"/>.</summary>
public static class CacheRedisExtensions
{
    /// <summary>
    /// Shares the cache through the server of the default Redis client (<see cref="RedisServiceCollectionExtensions.AddMillraceRedis(IServiceCollection, Action{RedisOptions}?)"/>;
    /// section <c>Millrace:Redis</c>, or <c>REDIS_URL</c>). The cache has connections of its own there, one for reading and one to listen.
    /// </summary>
    /// <returns>The builder, for the next call.</returns>
    public static CacheBuilder UseRedis(this CacheBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddMillraceRedis();
        return Register(builder);
    }

    /// <summary>As <see cref="UseRedis(CacheBuilder)"/>, with the connection string of the default Redis client.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="connectionString">As for <see cref="RedisOptions.Parse"/>.</param>
    /// <returns>The builder, for the next call.</returns>
    public static CacheBuilder UseRedis(this CacheBuilder builder, string connectionString)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddMillraceRedis(connectionString);
        return Register(builder);
    }

    /// <summary>
    /// Shares the cache through several independent servers, each with a part of the keys. Every process must name the same. A server that is away takes only
    /// its own keys with it. The cache has connections of its own to each; the default Redis client is not used.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="partitions">
    /// A name for each server, and its connection string, as for <see cref="RedisOptions.Parse"/>: added to <see cref="RedisCacheOptions.Partitions"/>, which
    /// says more. May be empty where configuration names them (<c>Millrace:Cache:Redis:Partitions:NAME</c>), which also has the last word.
    /// </param>
    /// <returns>The builder, for the next call.</returns>
    public static CacheBuilder UseRedis(this CacheBuilder builder, IReadOnlyDictionary<string, string> partitions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(partitions);
        builder.Configure(options =>
        {
            foreach (var (name, connectionString) in partitions)
            {
                options.Redis.Partitions[name] = connectionString;
            }
        });
        return Register(builder);
    }

    private static CacheBuilder Register(CacheBuilder builder)
    {
        if (!builder.Services.Any(service => service.ImplementationInstance is SecondLevelRegistration other && other.CacheName == builder.Name && other.Store is null))
        {
            builder.Services.AddSingleton(new SecondLevelRegistration(builder.Name));
        }

        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SecondLevelStarter>());
        return builder;
    }
}
