using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Millrace.Caching.FailSafe;

/// <summary>
/// Looks at the registered keys again and again: what is missing is brought, what is due is refreshed, by the refresh queue of its cache. Of several
/// processes one has the lease.
/// </summary>
internal sealed class FreshKeeper(CacheRegistry registry, IEnumerable<FreshKey> keys, IServiceScopeFactory scopes, TimeProvider time) : BackgroundService
{
    private readonly FreshKey[] _keys = [.. keys];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = _keys.Min(static key => key.Interval);
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var key in _keys)
            {
                key.Keep(registry.Get(key.CacheName), scopes);
            }

            await Task.Delay(interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
