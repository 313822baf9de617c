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
    /// second in a power loss, a failover what the replica had not got. The server must not evict: <c>maxmemory-policy noeviction</c>.</remarks>
    /// <typeparam name="TBuilder">The builder to go on with.</typeparam>
    /// <param name="builder">Where jobs are registered.</param>
    /// <param name="connectionString">As for <see cref="RedisOptions.Parse"/>; null for the default client as it is configured elsewhere.</param>
    /// <param name="keyPrefix">Begins every key; 1 to 100 characters without braces. Default: <c>millrace:jobs</c>.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">The prefix is empty, too long, or has braces.</exception>
    public static TBuilder UseRedis<TBuilder>(this TBuilder builder, string? connectionString = null, string keyPrefix = "millrace:jobs")
        where TBuilder : IJobsBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(keyPrefix);
        if (keyPrefix.Length > 100 || keyPrefix.AsSpan().ContainsAny('{', '}'))
        {
            throw new ArgumentException("A key prefix has at most 100 characters and no braces: they tell a cluster which keys belong together.", nameof(keyPrefix));
        }

        _ = connectionString is null ? builder.Services.AddMillraceRedis() : builder.Services.AddMillraceRedis(connectionString);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.Replace(ServiceDescriptor.Singleton<JobStore>(services => new RedisJobStore(
            services.GetRequiredService<RedisClient>(), keyPrefix, services.GetRequiredService<TimeProvider>(), logger: services.GetService<ILogger<RedisJobStore>>())));
        return builder;
    }
}
