using Millrace.Caching.Invalidation;

namespace Millrace.Caching.Tests.Invalidation;

[Trait("req", "C-10")]
public sealed class PatternTests
{
    [Theory]
    [InlineData("user:42:*", "user:42:", true)]
    [InlineData("user:42:*", "user:42:profile", true)]
    [InlineData("user:42:*", "user:421:profile", false)]
    [InlineData("*:profile", "user:42:profile", true)]
    [InlineData("*:profile", "user:42:profiles", false)]
    [InlineData("user:*:p*e", "user:42:profile", true)]
    [InlineData("user:*:p*e", "user:42:profile:x", false)]
    [InlineData("a*b*c", "abbc", true)]
    [InlineData("a*b*c", "ac", false)]
    [InlineData("a**c", "ac", true)]
    [InlineData("*", "anything", true)]
    [InlineData("user:?2:*", "user:42:x", false)] // nothing but * is special
    [InlineData("user:[4]2:*", "user:42:x", false)]
    [InlineData("ab*", "a", false)]
    public void A_star_stands_for_any_characters_and_nothing_else_is_special(string pattern, string key, bool fits) =>
        Assert.Equal(fits, KeyGlob.Parse(pattern).Matches(key));

    [Theory]
    [InlineData("")]
    [InlineData("user:42")]
    [InlineData("*********")]
    [InlineData("a\n*")]
    public async Task A_pattern_that_breaks_the_rules_is_refused(string pattern)
    {
        using var cache = Caches.With(static _ => { }, TimeProvider.System);

        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.RemoveByPatternAsync(pattern));
    }

    [Fact]
    public void A_pattern_that_invites_backtracking_is_matched_in_bounded_time()
    {
        var glob = KeyGlob.Parse("*a*a*a*a*a*a*a*b");

        Assert.False(glob.Matches(new string('a', 1024)));
    }

    [Fact]
    public async Task What_fits_is_gone_at_once_and_the_rest_stays()
    {
        using var cache = Caches.With(static _ => { }, TimeProvider.System);
        await cache.SetAsync("user:42:name", "a", CachePolicies.Short);
        await cache.SetAsync("user:43:name", "b", CachePolicies.Short);

        await cache.RemoveByPatternAsync("user:42:*");

        Assert.False(cache.TryGet<string>("user:42:name", out _));
        Assert.True(cache.TryGet<string>("user:43:name", out _));
        await cache.SetAsync("user:42:name", "c", CachePolicies.Short);
        Assert.True(cache.TryGet<string>("user:42:name", out var value));
        Assert.Equal("c", value);
    }

    [Fact]
    public async Task A_value_read_before_the_invalidation_is_not_stored_after_it()
    {
        using var cache = Caches.With(static _ => { }, TimeProvider.System);
        var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var read = cache.GetOrCreateAsync("user:42:name", async _ => await source.Task, CachePolicies.Short).AsTask();

        await cache.RemoveByPatternAsync("user:*");
        source.SetResult("old");

        Assert.Equal("old", await read);
        Assert.False(cache.TryGet<string>("user:42:name", out _));
    }

    [Fact]
    public async Task More_patterns_than_are_remembered_cost_misses_and_never_a_stale_value()
    {
        using var cache = Caches.With(static _ => { }, TimeProvider.System);
        await cache.SetAsync("user:1:name", "old", CachePolicies.Short);
        await cache.RemoveByPatternAsync("user:1:*");
        for (var i = 0; i < 3000; i++)
        {
            await cache.RemoveByPatternAsync($"other:{i}:*");
        }

        Assert.False(cache.TryGet<string>("user:1:name", out _));
        await cache.SetAsync("user:1:name", "new", CachePolicies.Short);
        Assert.True(cache.TryGet<string>("user:1:name", out _));
    }

    [Fact]
    public async Task Entries_that_a_walk_has_found_valid_outlive_forgotten_patterns()
    {
        var clock = new TestKit.FakeClock();
        using var cache = Caches.With(static _ => { }, clock);
        await cache.SetAsync("kept", "value", CachePolicies.Long);
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0; i < 500; i++)
            {
                await cache.RemoveByPatternAsync($"other:{round}:{i}:*");
            }

            clock.Advance(TimeSpan.FromSeconds(2)); // the walk
            Assert.True(cache.TryGet<string>("kept", out _), $"round {round}");
        }
    }
}
