using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching.Tests.Remote;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.DropIns;

public sealed class RedisHybridCacheTests(SharedRedis redis) : HybridCacheConformance, IClassFixture<SharedRedis>, IAsyncLifetime
{
    private ServiceProvider _provider = null!;

    protected override HybridCache Cache => _provider.GetRequiredService<HybridCache>();

    public async ValueTask InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddMillraceCache(options => (options.KeyPrefix, options.Redis.Timeout) = (SharedRedis.Prefix(), Caches.Guard)).UseRedis(redis.Address);
        _provider = services.BuildServiceProvider();
        var cache = _provider.GetRequiredService<Cache>();
        await Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "it is not connected"), "the cache is connected");
    }

    public ValueTask DisposeAsync() => _provider.DisposeAsync();
}
