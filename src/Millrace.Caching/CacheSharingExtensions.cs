using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Caching.Naming;
using Millrace.Redis;

namespace Millrace.Caching;

/// <summary>
/// Registers what nodes share beside a cache's entries, singletons: as themselves for the default cache, and keyed by the cache's name for each. They
/// are in Redis where a <see cref="RedisClient"/> is registered, under the cache's key prefix, and in this process's memory otherwise.
/// </summary>
public static class CacheSharingExtensions
{
    /// <summary>Registers <see cref="CacheCounters"/>.</summary>
    /// <param name="builder">The cache's builder.</param>
    /// <returns>The builder, for the next call.</returns>
    public static CacheBuilder AddCounters(this CacheBuilder builder) =>
        Add(builder, static (services, prefix) => services.GetService<RedisClient>() is { } client
            ? CacheCounters.InRedis(client, prefix)
            : CacheCounters.InMemory(Time(services)));

    /// <summary>Registers <see cref="CacheLocks"/>.</summary>
    /// <param name="builder">The cache's builder.</param>
    /// <returns>The builder, for the next call.</returns>
    public static CacheBuilder AddLocks(this CacheBuilder builder) =>
        Add(builder, static (services, prefix) => services.GetService<RedisClient>() is { } client
            ? CacheLocks.InRedis(client, prefix, Time(services), Logger<CacheLocks>(services))
            : CacheLocks.InMemory(Time(services)));

    /// <summary>Registers <see cref="SharedRateLimiters"/>. Configuration: the section <c>RateLimiters</c> of the cache's, <c>Millrace:Cache:RateLimiters</c>.</summary>
    /// <param name="builder">The cache's builder.</param>
    /// <param name="configure">Sets options; configuration has the last word. Null: it sets none.</param>
    /// <returns>The builder, for the next call.</returns>
    public static CacheBuilder AddRateLimiters(this CacheBuilder builder, Action<SharedRateLimiterOptions>? configure = null)
    {
        Configure(builder, "RateLimiters", configure);
        var name = CacheRegistration.OptionsName(builder.Name);
        return Add(builder, (services, prefix) =>
        {
            var options = services.GetRequiredService<IOptionsMonitor<SharedRateLimiterOptions>>().Get(name);
            return services.GetService<RedisClient>() is { } client
                ? SharedRateLimiters.InRedis(client, options, prefix, Time(services), Logger<SharedRateLimiters>(services))
                : SharedRateLimiters.InMemory(options, Time(services));
        });
    }

    /// <summary>Registers <see cref="SessionCache"/>. Configuration: the section <c>Sessions</c> of the cache's, <c>Millrace:Cache:Sessions</c>.</summary>
    /// <param name="builder">The cache's builder.</param>
    /// <param name="configure">Sets options; configuration has the last word. Null: it sets none.</param>
    /// <returns>The builder, for the next call.</returns>
    public static CacheBuilder AddSessions(this CacheBuilder builder, Action<SessionCacheOptions>? configure = null)
    {
        Configure(builder, "Sessions", configure);
        var name = CacheRegistration.OptionsName(builder.Name);
        return Add(builder, (services, prefix) =>
        {
            var options = services.GetRequiredService<IOptionsMonitor<SessionCacheOptions>>().Get(name);
            return services.GetService<RedisClient>() is { } client
                ? SessionCache.InRedis(client, options, prefix, Time(services), Logger<SessionCache>(services))
                : SessionCache.InMemory(options, Time(services));
        });
    }

    private static void Configure<TOptions>(CacheBuilder builder, string section, Action<TOptions>? configure)
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        var name = CacheRegistration.OptionsName(builder.Name);
        var path = $"{CacheRegistration.SectionName(builder.Name)}:{section}";
        if (configure is not null)
        {
            builder.Services.Configure(name, configure);
        }

        builder.Services.AddOptions<TOptions>(name)
            .PostConfigure<IServiceProvider>((options, services) => Bind(services, path, options))
            .ValidateOnStart();
    }

    private static void Bind<TOptions>(IServiceProvider services, string path, TOptions options)
        where TOptions : class
    {
        try
        {
            services.GetService<IConfiguration>()?.GetSection(path).Bind(options);
        }
        catch (TargetInvocationException refused) when (refused.InnerException is ArgumentException fault)
        {
            throw new OptionsValidationException(path, typeof(TOptions), [$"{path}: {fault.Message}"]);
        }
    }

    private static CacheBuilder Add<T>(CacheBuilder builder, Func<IServiceProvider, string, T> make)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        var name = builder.Name;
        builder.Services.TryAddKeyedSingleton(name, (services, _) =>
        {
            var options = services.GetRequiredService<IOptionsMonitor<CacheOptions>>().Get(CacheRegistration.OptionsName(name));
            return make(services, CacheRegistration.KeyPrefix(name, options));
        });
        if (string.Equals(name, Cache.DefaultName, StringComparison.OrdinalIgnoreCase))
        {
            builder.Services.TryAddSingleton(services => services.GetRequiredKeyedService<T>(name));
        }

        return builder;
    }

    private static TimeProvider Time(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;

    private static ILogger Logger<T>(IServiceProvider services) => services.GetService<ILoggerFactory>()?.CreateLogger<T>() ?? NullLogger<T>.Instance;
}
