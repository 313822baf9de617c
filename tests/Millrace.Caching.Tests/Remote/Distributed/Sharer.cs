using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Caching.Tests.Remote.Distributed;

/// <summary>A process that shares a store, and Redis if there is one.</summary>
internal sealed class Sharer : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private Sharer(ServiceProvider services) => (_services, Cache) = (services, services.GetRequiredService<Cache>());

    public Cache Cache { get; }

    public static Sharer Start(IDistributedCache store, string? redis, TimeSpan? timeout = null)
    {
        var services = new ServiceCollection();
        var cache = services.AddMillraceCache(static options => options.DefaultPolicy = new CachePolicy("default", TimeSpan.FromMinutes(5)) { StaleInOutage = false });
        if (redis is not null)
        {
            cache.UseRedis(redis);
        }

        cache.UseDistributedCache(_ => store, timeout);
        return new Sharer(services.BuildServiceProvider());
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
