using Microsoft.Extensions.Caching.Hybrid;
using Millrace.TestKit;

namespace Millrace.Caching.Tests;

[Trait("req", "C-06")]
public sealed class ExpiryTests
{
    [Fact]
    public async Task An_entry_lives_exactly_as_long_as_its_policy_says()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        await cache.SetAsync("k", "v", CachePolicies.Short);
        clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.True(cache.TryGet<string>("k", out _));
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(cache.TryGet<string>("k", out _));
        Assert.Equal("new", await cache.Read("k", "new"));
    }

    [Fact, Trait("req", "C-02")]
    public async Task Expired_entries_give_their_memory_back_without_being_read()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        for (var i = 0; i < 3000; i++)
        {
            await cache.SetAsync($"k:{i}", new byte[100], new CachePolicy { Expiration = TimeSpan.FromSeconds(10 + (i % 30)) });
        }

        await cache.SetAsync("day", "v", CachePolicies.Daily);
        clock.Advance(TimeSpan.FromSeconds(25));
        Assert.InRange(cache.GetStatistics().Entries, 1401, 1601);
        clock.Advance(TimeSpan.FromSeconds(20));
        var statistics = cache.GetStatistics();
        Assert.Equal((1, 3000), (statistics.Entries, statistics.Expirations));
        clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal((0, 0, 3001), (cache.GetStatistics().Entries, cache.GetStatistics().SizeBytes, cache.GetStatistics().Expirations));
        Assert.Equal(0, clock.ArmedTimers);
    }

    [Fact]
    public async Task An_empty_cache_has_no_timer_running()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        Assert.Equal(0, clock.ArmedTimers);
        await cache.SetAsync("k", "v", CachePolicies.VeryShort);
        Assert.Equal(1, clock.ArmedTimers);
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, clock.ArmedTimers);
    }

    [Fact]
    public async Task A_sliding_entry_lives_while_it_is_read_and_ends_at_its_expiration()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        var policy = new CachePolicy { Expiration = TimeSpan.FromMinutes(10), SlidingExpiration = TimeSpan.FromMinutes(2) };
        await cache.SetAsync("read", "v", policy);
        await cache.SetAsync("unread", "v", policy);
        for (var minute = 1; minute < 10; minute++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            Assert.True(cache.TryGet<string>("read", out _), $"minute {minute}");
            if (minute == 3)
            {
                Assert.Equal(1, cache.GetStatistics().Entries);
            }
        }

        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(cache.TryGet<string>("read", out _));
    }

    [Fact]
    public async Task A_sliding_entry_ends_when_it_was_not_read_for_its_span()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        await cache.SetAsync("k", "v", new CachePolicy { Expiration = TimeSpan.FromHours(1), SlidingExpiration = TimeSpan.FromMinutes(2) });
        clock.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromTicks(1));
        Assert.True(cache.TryGet<string>("k", out _));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Fact]
    public async Task The_local_limit_ends_an_entry_before_its_expiration()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        await cache.SetAsync("policy", "v", CachePolicies.Long with { LocalExpiration = TimeSpan.FromMinutes(1) });
        await cache.SetAsync("call", "v", new HybridCacheEntryOptions { Expiration = TimeSpan.FromHours(1), LocalCacheExpiration = TimeSpan.FromMinutes(1) });
        await cache.SetAsync("longer", "v", new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(1), LocalCacheExpiration = TimeSpan.FromHours(1) });
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(cache.TryGet<string>("policy", out _));
        Assert.False(cache.TryGet<string>("call", out _));
        Assert.False(cache.TryGet<string>("longer", out _));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.1)]
    public async Task Jitter_takes_a_share_of_the_lifetime_at_most_and_spreads(double jitter)
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock, seed: 42);
        var policy = new CachePolicy { Expiration = TimeSpan.FromSeconds(1000), Jitter = jitter };
        for (var i = 0; i < 1000; i++)
        {
            await cache.SetAsync($"k:{i}", i, policy);
        }

        var floor = 1000 * (1 - jitter);
        clock.Advance(TimeSpan.FromSeconds(floor - 1));
        Assert.Equal(1000, Alive(cache));
        clock.Advance(TimeSpan.FromSeconds(1 + (500 * jitter)));
        Assert.InRange(Alive(cache), 400, 600);
        clock.Advance(TimeSpan.FromSeconds(500 * jitter));
        Assert.Equal(0, Alive(cache));
    }

    [Fact]
    public async Task A_lifetime_without_end_counts_as_ten_years()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(clock: clock);
        await cache.SetAsync("k", "v", new CachePolicy { Expiration = TimeSpan.MaxValue });
        clock.Advance(TimeSpan.FromHours(30));
        Assert.True(cache.TryGet<string>("k", out _));
    }

    [Fact]
    public void A_policy_refuses_what_makes_no_sense()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CachePolicy { Expiration = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CachePolicy { SlidingExpiration = TimeSpan.FromSeconds(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CachePolicy { LocalExpiration = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CachePolicy { Jitter = 0.6 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CachePolicy { Jitter = double.NaN });
        Assert.Throws<ArgumentException>(() => new CachePolicy(" ", TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Options_of_a_call_with_no_lifetime_are_refused()
    {
        using var cache = Caches.With();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await cache.SetAsync("k", "v", new HybridCacheEntryOptions { Expiration = TimeSpan.Zero }));
    }

    [Fact]
    public void The_tiers_are_those_everybody_uses()
    {
        Assert.Equal(
            [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(24)],
            new[] { CachePolicies.VeryShort, CachePolicies.Short, CachePolicies.Medium, CachePolicies.Long, CachePolicies.Daily }.Select(p => p.Expiration));
    }

    private static int Alive(Cache cache) => Enumerable.Range(0, 1000).Count(i => cache.TryGet<int>($"k:{i}", out _));
}
