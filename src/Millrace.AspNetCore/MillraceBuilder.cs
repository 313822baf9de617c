using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching;
using Millrace.Jobs;
using Millrace.Realtime;

namespace Millrace.AspNetCore;

/// <summary>What <c>AddMillrace</c> hands out: the builders of the three parts, and the options of what is mapped.</summary>
/// <remarks>Store packages extend it as they extend <see cref="JobsBuilder"/>: <c>m.UseSqlite("app.db")</c>. Not thread-safe; used while services are registered.</remarks>
public sealed class MillraceBuilder : IJobsBuilder
{
    internal MillraceBuilder(IServiceCollection services, CacheBuilder cache, JobsBuilder jobs, RealtimeBuilder realtime)
    {
        Services = services;
        Cache = cache;
        Jobs = jobs;
        Realtime = realtime;
    }

    /// <inheritdoc />
    public IServiceCollection Services { get; }

    /// <summary>The default cache: options, rules, warmers.</summary>
    public CacheBuilder Cache { get; }

    /// <summary>The job engine: handlers, queues, schedules.</summary>
    public JobsBuilder Jobs { get; }

    /// <summary>The channels and who may join them.</summary>
    public RealtimeBuilder Realtime { get; }

    /// <summary>Shares the cache and the jobs of all processes through Redis: <see cref="CacheRedisExtensions.UseRedis(CacheBuilder)"/> and
    /// <see cref="RedisJobsBuilderExtensions.UseRedis"/>.</summary>
    /// <param name="connectionString">The server, as for <see cref="Millrace.Redis.RedisOptions.Parse"/>; null for the default client as it is configured elsewhere.</param>
    /// <returns>This builder, for the next call.</returns>
    public MillraceBuilder UseRedis(string? connectionString = null)
    {
        _ = connectionString is null ? Cache.UseRedis() : Cache.UseRedis(connectionString);
        Jobs.UseRedis(connectionString);
        return this;
    }

    /// <summary>Sets options; calls add up, and the configuration section <c>Millrace</c> has the last word.</summary>
    /// <returns>This builder, for the next call.</returns>
    public MillraceBuilder Configure(Action<MillraceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure(configure);
        return this;
    }
}
