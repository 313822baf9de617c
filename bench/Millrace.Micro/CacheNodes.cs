using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching;

namespace Millrace.Micro;

/// <summary>Caches on one server, each as a process of its own would have it.</summary>
internal sealed class CacheNodes : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly List<ServiceProvider> _providers = [];

    private CacheNodes()
    {
    }

    public List<Cache> Caches { get; } = [];

    /// <summary>Starts nodes and waits until each shares the server.</summary>
    public static async Task<CacheNodes> StartAsync(string address, int count)
    {
        var nodes = new CacheNodes();
        for (var i = 0; i < count; i++)
        {
            var services = new ServiceCollection();
            services.AddMillraceCache(static options => options.Redis.Timeout = TimeSpan.FromSeconds(10)).UseRedis(address); // a busy machine is no outage
            var provider = services.BuildServiceProvider();
            nodes._providers.Add(provider);
            nodes.Caches.Add(provider.GetRequiredService<Cache>());
        }

        var started = Stopwatch.GetTimestamp();
        while (!nodes.Caches.TrueForAll(static cache => cache.IsSharing))
        {
            if (Stopwatch.GetElapsedTime(started) > Limit)
            {
                throw new InvalidOperationException($"A node did not connect to {address} within {Limit.TotalSeconds} s.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        return nodes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
        {
            await provider.DisposeAsync();
        }
    }
}
