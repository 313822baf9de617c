using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Millrace.Jobs.Stores.Redis;
using Millrace.Redis;

namespace Millrace.Jobs;

/// <summary>Keeps jobs in Redis.</summary>
public static class RedisJobsBuilderExtensions
{
    /// <summary>Keeps jobs in Redis 6.2 or newer, Valkey or Garnet, through the default Redis client
    /// (<see cref="RedisServiceCollectionExtensions.AddMillraceRedis(IServiceCollection, Action{RedisOptions}?)"/>; section <c>Millrace:Redis</c>, or
    /// <c>REDIS_URL</c>): a single server, Sentinel or a cluster. All processes that name the same server and prefix share the jobs.</summary>
    /// <remarks>How durable a job is that was acknowledged is for the server to say: <c>appendonly yes</c> with <c>appendfsync everysec</c> may lose the last
    /// second in a power loss, a failover what the replica had not got (see <see cref="RedisJobsOptions.Replicas"/>). The server must not evict:
    /// <c>maxmemory-policy noeviction</c>.</remarks>
    /// <typeparam name="TBuilder">The builder to go on with.</typeparam>
    /// <param name="builder">Where jobs are registered.</param>
    /// <param name="connectionString">As for <see cref="RedisOptions.Parse"/>; null for the default client as it is configured elsewhere.</param>
    /// <param name="configure">How they are kept; null for the defaults.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static TBuilder UseRedis<TBuilder>(this TBuilder builder, string? connectionString = null, Action<RedisJobsOptions>? configure = null)
        where TBuilder : IJobsBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new RedisJobsOptions();
        configure?.Invoke(options);
        _ = connectionString is null ? builder.Services.AddMillraceRedis() : builder.Services.AddMillraceRedis(connectionString);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.Replace(ServiceDescriptor.Singleton<JobStore>(services => new RedisJobStore(
            services.GetRequiredService<RedisClient>(),
            options.KeyPrefix,
            services.GetRequiredService<TimeProvider>(),
            logger: services.GetService<ILogger<RedisJobStore>>(),
            wish: new ReplicaWish(options.Replicas, options.ReplicaTimeout))));
        return builder;
    }
}
