using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Naming;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;
using Millrace.Caching.WarmUp.Prediction;
using Millrace.Caching.WriteBehind;

namespace Millrace.Caching;

/// <summary>The caches of this process, by name. Makes them when they are first asked for, and owns them. Thread-safe.</summary>
public sealed class CacheRegistry : IDisposable, IAsyncDisposable
{
    private readonly FrozenDictionary<string, Lazy<Cache>> _caches;
    private readonly CacheMetrics _metrics;
    private readonly InvalidationRules _rules;

    internal CacheRegistry(IServiceProvider services, IEnumerable<CacheRegistration> registrations)
    {
        _rules = new InvalidationRules(services.GetServices<InvalidationRule>().Concat(services.GetRequiredService<IOptions<DeclaredRules>>().Value.Rules));
        _metrics = new CacheMetrics(services.GetService<IMeterFactory>(), () => Made);
        _caches = registrations.ToFrozenDictionary(
            registration => registration.Name,
            registration => new Lazy<Cache>(() => Make(services, registration.Name)),
            StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All caches that are registered, by name.</summary>
    public IReadOnlyCollection<Cache> Caches => [.. _caches.Values.Select(cache => cache.Value).OrderBy(cache => cache.Name, StringComparer.Ordinal)];

    private IEnumerable<Cache> Made => _caches.Values.Where(cache => cache.IsValueCreated).Select(cache => cache.Value);

    /// <summary>The cache of that name, without regard to case.</summary>
    /// <exception cref="KeyNotFoundException">No cache of that name is registered.</exception>
    public Cache Get(string name) =>
        TryGet(name, out var cache)
            ? cache
            : throw new KeyNotFoundException(
                $"There is no cache '{name}'. Registered: {string.Join(", ", _caches.Keys.Order(StringComparer.Ordinal))}. Register it with AddMillraceCache(\"{name}\").");

    /// <summary>The cache of that name, without regard to case, if one is registered.</summary>
    public bool TryGet(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Cache? cache)
    {
        ArgumentNullException.ThrowIfNull(name);
        cache = _caches.TryGetValue(name, out var lazy) ? lazy.Value : null;
        return cache is not null;
    }

    /// <summary>Disposes all caches; called by the service provider.</summary>
    public void Dispose()
    {
        _metrics.Dispose();
        foreach (var cache in Made)
        {
            cache.Dispose();
        }
    }

    internal InvalidationRules Rules => _rules;

    internal ValueTask InvalidateAsync(object @event, CancellationToken cancellationToken) => _rules.RunAsync(@event, Get, cancellationToken);

    /// <inheritdoc cref="Dispose" />
    public async ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        foreach (var cache in Made)
        {
            await cache.DisposeAsync().ConfigureAwait(false);
        }
    }

    private Cache Make(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<CacheOptions>>().Get(CacheRegistration.OptionsName(name));
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var logger = services.GetService<ILoggerFactory>()?.CreateLogger<Cache>() ?? NullLogger<Cache>.Instance;
        var cache = new Cache(name, options, time, services, this, logger, seed: null, SecondLevels.Of(services, name, options, time, logger)) { Reads = PredictionRegistration.RecorderOf(services, name) };
        WriteBehindRegistration[] writeBehinds =
        [
            .. services.GetServices<WriteBehindRegistration>().Where(registration => string.Equals(registration.CacheName, name, StringComparison.OrdinalIgnoreCase)),
        ];
        if (writeBehinds.Length > 0)
        {
            cache.Pending = new PendingValues(services, writeBehinds);
        }

        return cache;
    }
}
