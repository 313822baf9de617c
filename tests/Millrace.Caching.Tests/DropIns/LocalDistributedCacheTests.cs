using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.DropIns;

public sealed class LocalDistributedCacheTests : DistributedCacheConformance, IDisposable
{
    private readonly FakeClock _clock = new();
    private readonly ServiceProvider _provider;

    public LocalDistributedCacheTests()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_clock);
        services.AddMillraceCache();
        services.AddMillraceDistributedCache();
        _provider = services.BuildServiceProvider();
        Cache = _provider.GetRequiredService<IBufferDistributedCache>();
    }

    protected override IBufferDistributedCache Cache { get; }

    [Fact]
    public void It_is_the_one_distributed_cache_and_a_cache_of_its_own()
    {
        Assert.Same(Cache, Assert.Single(_provider.GetServices<IDistributedCache>()));
        Cache.Set("k", [1]);
        Assert.False(_provider.GetRequiredService<Cache>().TryGet<byte[]>("k", out _));
        Assert.Equal(1, _provider.GetRequiredService<CacheRegistry>().Get("distributed").GetStatistics().Entries);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task An_entry_expires_at_its_absolute_time(bool sync)
    {
        await SetAsync("at", [1], sync, new() { AbsoluteExpiration = _clock.GetUtcNow().AddMinutes(1) });
        await SetAsync("in", [2], sync, new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(2) });
        await SetAsync("both", [3], sync, new() { AbsoluteExpiration = _clock.GetUtcNow().AddMinutes(9), AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(2) });
        await SetAsync("never", [4], sync);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(await GetAsync("at", sync));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await GetAsync("at", sync));
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(await GetAsync("in", sync));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await GetAsync("in", sync));
        Assert.Null(await GetAsync("both", sync));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.NotNull(await GetAsync("never", sync));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task An_entry_slides_with_each_read_and_refresh_but_not_past_its_absolute_time(bool sync)
    {
        await SetAsync("k", [1], sync, new() { SlidingExpiration = TimeSpan.FromMinutes(1), AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(3) });
        await SetAsync("unread", [1], sync, new() { SlidingExpiration = TimeSpan.FromMinutes(1) });
        for (var i = 0; i < 4; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(40));
            if (i % 2 == 0)
            {
                await RefreshAsync("k", sync);
            }
            else
            {
                Assert.NotNull(await GetAsync("k", sync));
            }
        }

        Assert.Null(await GetAsync("unread", sync));
        Assert.NotNull(await GetAsync("k", sync)); // at 160 s, though it was set for a minute
        _clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Null(await GetAsync("k", sync));
    }

    [Fact]
    public async Task A_set_replaces_the_expiration_too()
    {
        await SetAsync("k", [1], sync: false, new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) });
        await SetAsync("k", [2], sync: false);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal((byte[])[2], await GetAsync("k", sync: false));
    }

    [Fact]
    public void Registering_it_replaces_what_was_registered()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IDistributedCache>(new Refusing());
        services.AddMillraceDistributedCache("sessions").Configure(options => options.EntryLimit = 3);
        services.AddMillraceDistributedCache("sessions");
        using var provider = services.BuildServiceProvider();
        var cache = Assert.Single(provider.GetServices<IDistributedCache>());
        cache.Set("k", [1]);
        Assert.Equal((3, 1), (provider.GetRequiredService<CacheRegistry>().Get("sessions").GetStatistics().EntryLimit, provider.GetRequiredService<CacheRegistry>().Get("sessions").GetStatistics().Entries));
    }

    public void Dispose() => _provider.Dispose();

    private sealed class Refusing : IDistributedCache
    {
        public byte[]? Get(string key) => throw new NotSupportedException();

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

        public void Refresh(string key) => throw new NotSupportedException();

        public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

        public void Remove(string key) => throw new NotSupportedException();

        public Task RemoveAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

        public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) => throw new NotSupportedException();
    }
}
