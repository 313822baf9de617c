using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching.Tests;

[Trait("req", "C-22")]
public sealed class FlagsTests
{
    [Fact]
    public async Task Without_local_reads_the_source_is_asked_and_its_value_stored()
    {
        using var cache = Caches.With();
        await cache.SetAsync("k", "old", CachePolicies.Short);
        Assert.Equal("new", await Read(cache, "new", HybridCacheEntryFlags.DisableLocalCacheRead));
        Assert.Equal("new", await Read(cache, "newer", HybridCacheEntryFlags.None));
    }

    [Fact]
    public async Task Without_local_writes_the_value_is_not_stored()
    {
        using var cache = Caches.With();
        Assert.Equal("v", await Read(cache, "v", HybridCacheEntryFlags.DisableLocalCacheWrite));
        Assert.False(cache.TryGet<string>("k", out _));
        await cache.SetAsync("k", "old", CachePolicies.Short);
        Assert.Equal("old", await Read(cache, "v", HybridCacheEntryFlags.DisableLocalCacheWrite));
        await cache.SetAsync("k", "elsewhere", new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCacheWrite });
        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Fact]
    public async Task Past_the_cache_nothing_is_read_or_written()
    {
        using var cache = Caches.With();
        await cache.SetAsync("k", "kept", CachePolicies.Short);
        Assert.Equal("v", await Read(cache, "v", HybridCacheEntryFlags.DisableLocalCache));
        Assert.Equal("kept", await Read(cache, "v", HybridCacheEntryFlags.None));
    }

    [Fact]
    public async Task Without_the_underlying_data_a_miss_is_the_default_and_is_not_kept()
    {
        using var cache = Caches.With();
        Assert.Null(await Read(cache, "v", HybridCacheEntryFlags.DisableUnderlyingData));
        Assert.Equal(0, cache.GetStatistics().FactoryRuns);
        Assert.Equal("v", await Read(cache, "v", HybridCacheEntryFlags.None));
        Assert.Equal("v", await Read(cache, "w", HybridCacheEntryFlags.DisableUnderlyingData));
    }

    [Fact]
    public async Task Flags_about_a_second_level_change_nothing_in_one_process()
    {
        using var cache = Caches.With();
        Assert.Equal("v", await Read(cache, "v", HybridCacheEntryFlags.DisableDistributedCache | HybridCacheEntryFlags.DisableCompression));
        Assert.Equal("v", await Read(cache, "w", HybridCacheEntryFlags.None));
    }

    [Fact]
    public async Task A_cache_that_is_switched_off_runs_every_caller_s_source_and_keeps_nothing()
    {
        using var cache = new Cache(new CacheOptions { Enabled = false });
        var runs = 0;
        var both = new TaskCompletionSource();

        await cache.SetAsync("k", "set", CachePolicies.Short);
        await Task.WhenAll(ReadAsync(), ReadAsync());

        Assert.Equal(2, runs);
        Assert.False(cache.TryGet<string>("k", out _));
        var statistics = cache.GetStatistics();
        Assert.Equal((0, 2, 0), (statistics.Hits, statistics.FactoryRuns, statistics.Entries));

        // Neither run ends before the other has begun: shared, they would wait for ever.
        async Task ReadAsync() => await cache.GetOrCreateAsync("k", async token =>
        {
            if (Interlocked.Increment(ref runs) == 2)
            {
                both.SetResult();
            }

            await both.Task.WaitAsync(TimeSpan.FromSeconds(30), token);
            return "v";
        }, CachePolicies.Short);
    }

    private static ValueTask<string> Read(Cache cache, string value, HybridCacheEntryFlags flags) =>
        cache.GetOrCreateAsync("k", _ => ValueTask.FromResult(value), new HybridCacheEntryOptions { Flags = flags });
}
