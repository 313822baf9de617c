using Millrace.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Millrace.Caching.Tests;

/// <summary>Caches for tests: a clock that stands still, and chance with a seed.</summary>
internal static class Caches
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    public static Cache With(Action<CacheOptions>? configure = null, TimeProvider? clock = null, long seed = 1)
    {
        var options = new CacheOptions();
        configure?.Invoke(options);
        return new Cache(Cache.DefaultName, options, clock ?? new FakeClock(), services: null, registry: null, NullLogger.Instance, seed);
    }

    /// <summary>What a reader gets whose factory returns <paramref name="fallback"/>.</summary>
    public static ValueTask<T> Read<T>(this Cache cache, string key, T fallback, params string[] tags) =>
        cache.GetOrCreateAsync(key, fallback, static (value, _) => ValueTask.FromResult(value), CachePolicies.Long, tags);
}
