using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching.Local;

namespace Millrace.Caching.FailSafe;

/// <summary>A key that is kept fresh though nobody reads it.</summary>
internal abstract class FreshKey(string cacheName, TimeSpan interval)
{
    /// <summary>The most that one process may have.</summary>
    public const int Limit = 1_000;

    public string CacheName { get; } = cacheName;

    /// <summary>How often it is looked at.</summary>
    public TimeSpan Interval { get; } = interval;

    public abstract void Keep(Cache cache, IServiceScopeFactory scopes);
}

/// <summary>A key whose value has type <typeparamref name="T"/>.</summary>
internal sealed class FreshKey<T>(
    string cacheName, TimeSpan interval, string key, Func<IServiceProvider, CancellationToken, ValueTask<T>> loader, CachePolicy policy, string[] tags)
    : FreshKey(cacheName, interval)
{
    private readonly EntryRenewal _turn = new(goneAt: 0, refreshAt: 0);

    public override void Keep(Cache cache, IServiceScopeFactory scopes) => cache.Keep(
        key,
        _turn,
        (scopes, loader),
        static async (source, token) =>
        {
            var scope = source.scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                return await source.loader(scope.ServiceProvider, token).ConfigureAwait(false);
            }
        },
        policy,
        tags);
}
