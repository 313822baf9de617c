using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Caching.Naming;
using Millrace.Caching.WriteBehind.Redis;
using Millrace.Redis;

namespace Millrace.Caching.WriteBehind;

/// <summary>Makes a write-behind of what is in the services.</summary>
internal static class WriteBehindFactory
{
    public static WriteBehind<T> Make<T>(
        IServiceProvider services,
        string cacheName,
        string name,
        Func<IServiceProvider, IReadOnlyList<WriteBehindWrite<T>>, CancellationToken, Task> handler,
        WriteBehindOptions options,
        Func<T, T, T>? merge)
    {
        options = Configured(services, cacheName, name, options);
        var cache = services.GetRequiredService<CacheRegistry>().Get(cacheName);
        var scopes = services.GetRequiredService<IServiceScopeFactory>();
        var parts = new WriteBehindParts<T>(
            cache,
            MakeStore(services, cache.Name, name, WriteBehindChecks.LimitsOf(options)),
            new PayloadCodec<T>(cache.Codecs.FindSerializer<T>()),
            (writes, cancellationToken) => DeliverAsync(scopes, handler, writes, cancellationToken),
            merge,
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetService<ILoggerFactory>()?.CreateLogger($"Millrace.Caching.WriteBehind.{name}") ?? NullLogger.Instance,
            string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}:{Environment.ProcessId}:{Guid.NewGuid():N}"));
        return new WriteBehind<T>(name, options, parts, services.GetService<IMeterFactory>());
    }

    /// <summary>What configuration says goes before the code.</summary>
    /// <exception cref="OptionsValidationException">It says what is not allowed.</exception>
    private static WriteBehindOptions Configured(IServiceProvider services, string cacheName, string name, WriteBehindOptions options)
    {
        var section = services.GetService<IConfiguration>()?.GetSection($"{CacheRegistration.SectionName(cacheName)}:WriteBehind:{name}");
        if (section is null || !section.Exists())
        {
            return options;
        }

        var configured = options with { };
        section.Bind(configured);
        try
        {
            WriteBehindChecks.Check(configured);
        }
        catch (ArgumentOutOfRangeException failure)
        {
            throw new OptionsValidationException(name, typeof(WriteBehindOptions), [$"{section.Path}: {failure.Message}"]);
        }

        return configured;
    }

    private static async ValueTask DeliverAsync<T>(
        IServiceScopeFactory scopes,
        Func<IServiceProvider, IReadOnlyList<WriteBehindWrite<T>>, CancellationToken, Task> handler,
        IReadOnlyList<WriteBehindWrite<T>> writes,
        CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            await handler(scope.ServiceProvider, writes, cancellationToken).ConfigureAwait(false);
        }
    }

    private static WriteBehindStore MakeStore(IServiceProvider services, string cacheName, string name, StoreLimits limits)
    {
        var choice = services.GetServices<StoreChoice>().LastOrDefault(choice => string.Equals(choice.CacheName, cacheName, StringComparison.OrdinalIgnoreCase));
        if (choice is not null)
        {
            return choice.Make(services, name, limits);
        }

        var redis = services.GetService<RedisClient>() ?? throw new InvalidOperationException(
            $"Write-behind '{name}' of cache '{cacheName}' has no store. Register Redis (AddMillraceRedis), name a database (KeepWritesInSqlite, "
            + "KeepWritesInPostgres), or say that writes may be lost with the process (KeepWritesInMemoryNotDurable).");
        var options = services.GetRequiredService<IOptionsMonitor<CacheOptions>>().Get(CacheRegistration.OptionsName(cacheName));
        return new RedisWriteBehindStore(redis, CacheRegistration.KeyPrefix(cacheName, options), name, limits);
    }
}
