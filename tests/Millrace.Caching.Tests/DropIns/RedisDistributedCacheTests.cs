using System.Globalization;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching.Tests.Remote;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.DropIns;

/// <summary>Two processes on one server: what one sets the other gets.</summary>
public sealed class RedisDistributedCacheTests(SharedRedis redis) : DistributedCacheConformance, IClassFixture<SharedRedis>, IAsyncLifetime
{
    private readonly string _prefix = SharedRedis.Prefix();
    private ServiceProvider _here = null!;
    private ServiceProvider _there = null!;

    protected override IBufferDistributedCache Cache => _here.GetRequiredService<IBufferDistributedCache>();

    private IBufferDistributedCache Other => _there.GetRequiredService<IBufferDistributedCache>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_here, _there) = (await StartAsync(), await StartAsync());

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_one_process_sets_the_other_gets_refreshes_and_removes(bool sync)
    {
        await SetAsync("k", [1, 2], sync, new() { SlidingExpiration = TimeSpan.FromMinutes(20) });
        Assert.Equal((byte[])[1, 2], sync ? Other.Get("k") : await Other.GetAsync("k", Token));
        await Other.SetAsync("k", [3], Token);
        await Poll.UntilAsync(async () => (await GetAsync("k", sync)) is [3] ? null : "it is the old value", "the other's value is here");
        await Other.RemoveAsync("k", Token);
        await Poll.UntilAsync(async () => await GetAsync("k", sync) is null ? null : "it is still here", "the other's removal is here");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_read_or_refresh_in_another_process_prolongs_an_entry_that_slides(bool sync)
    {
        await SetAsync("k", [1], sync, new() { SlidingExpiration = TimeSpan.FromMinutes(20), AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(8) });
        Assert.InRange(await LeftAsync("k"), TimeSpan.FromMinutes(19), TimeSpan.FromMinutes(25));
        await redis.Server.CommandAsync("PEXPIRE", _prefix + "k", "60000"); // as if nobody had come for most of the span
        if (sync)
        {
            Other.Refresh("k");
        }
        else
        {
            Assert.NotNull(await Other.GetAsync("k", Token));
        }

        await Poll.UntilAsync(async () => await LeftAsync("k") > TimeSpan.FromMinutes(19) ? null : "it was not prolonged", "the entry has its whole span again");
        Assert.True(await LeftAsync("k") < TimeSpan.FromMinutes(26));
    }

    [Fact]
    public async Task What_does_not_slide_keeps_its_absolute_time()
    {
        await SetAsync("k", [1], sync: false, new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(20) });
        await redis.Server.CommandAsync("PEXPIRE", _prefix + "k", "60000");
        Assert.NotNull(await Other.GetAsync("k", Token));
        await Other.RefreshAsync("k", Token);
        Assert.InRange(await LeftAsync("k"), TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task What_somebody_else_wrote_under_the_key_is_nothing()
    {
        await SetAsync("k", [1], sync: false);
        await redis.Server.CommandAsync("SET", _prefix + "k", "by hand");
        await Poll.UntilAsync(async () => await Cache.GetAsync("k", Token) is null ? null : "it is still here", "the value is gone");
        Assert.Null(await Other.GetAsync("k", Token));
        await SetAsync("k", [2], sync: false);
        Assert.Equal((byte[])[2], await Cache.GetAsync("k", Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
    }

    private async Task<TimeSpan> LeftAsync(string key) =>
        TimeSpan.FromMilliseconds(long.Parse((await redis.Server.CommandAsync("PTTL", _prefix + key)).ToString()!, CultureInfo.InvariantCulture));

    private async Task<ServiceProvider> StartAsync()
    {
        var services = new ServiceCollection();
        services.AddMillraceDistributedCache().Configure(options => (options.KeyPrefix, options.Redis.Timeout) = (_prefix, Caches.Guard)).UseRedis(redis.Address);
        var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<CacheRegistry>().Get("distributed");
        await Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "it is not connected"), "the process is connected");
        return provider;
    }
}
