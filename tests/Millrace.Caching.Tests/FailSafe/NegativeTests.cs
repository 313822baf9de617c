using Millrace.TestKit;

namespace Millrace.Caching.Tests.FailSafe;

/// <summary>There is nothing: that is kept too; and what a factory says of its entry.</summary>
[Trait("req", "C-08")]
public sealed class NegativeTests
{
    private static readonly CachePolicy Policy = new("negative", TimeSpan.FromMinutes(5))
    {
        NegativeExpiration = TimeSpan.FromSeconds(10),
        NotFoundWhen = static failure => failure is KeyNotFoundException,
    };

    private readonly FakeClock _clock = new();

    [Fact]
    public async Task Null_is_kept_for_a_shorter_time()
    {
        using var cache = Caches.With(clock: _clock);
        Assert.Null(await cache.GivenAsync(null, Policy));
        Assert.Null(await cache.GivenAsync("found", Policy));
        Assert.Equal(1, cache.GetStatistics().FactoryRuns);

        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("found", await cache.GivenAsync("found", Policy));
        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal("found", await cache.GivenAsync("other", Policy));
    }

    [Fact]
    public async Task Null_that_is_set_is_kept_for_a_shorter_time_too()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.SetAsync<string?>("user:1", null, Policy, cancellationToken: Reads.Token);
        Assert.True(cache.TryGet<string>("user:1", out _));

        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.False(cache.TryGet<string>("user:1", out _));
    }

    [Fact]
    public async Task By_default_null_lives_as_long_as_any_value()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.GivenAsync(null, CachePolicies.Short);

        _clock.Advance(TimeSpan.FromMinutes(4));

        Assert.Null(await cache.GivenAsync("found", CachePolicies.Short));
    }

    [Fact]
    public async Task An_exception_that_means_not_found_is_kept_as_null()
    {
        using var cache = Caches.With(clock: _clock);

        Assert.Null(await cache.FailingAsync(Policy, new KeyNotFoundException()));
        Assert.Null(await cache.FailingAsync(Policy));
        await cache.RemoveAsync("user:1", Reads.Token);
        await Assert.ThrowsAsync<IOException>(async () => await cache.FailingAsync(Policy));
        Assert.Equal(1, cache.GetStatistics().FactoryErrors);
    }

    [Fact]
    public async Task It_reaches_the_callers_where_the_type_has_no_null()
    {
        using var cache = Caches.With(clock: _clock);

        await Assert.ThrowsAsync<KeyNotFoundException>(async () => await cache.GetOrCreateAsync("n", 0, static (_, _) => ValueTask.FromException<int>(new KeyNotFoundException()), Policy, cancellationToken: Reads.Token));
        Assert.Equal(0, cache.GetStatistics().Entries);
    }

    [Fact, Trait("req", "C-06")]
    public async Task A_factory_sets_the_lifetime_of_its_entry()
    {
        using var cache = Caches.With(clock: _clock);
        Assert.Equal("one", await SaidAsync(cache, "one", static context => context.Expiration = TimeSpan.FromHours(2)));

        _clock.Advance(TimeSpan.FromHours(1.9));
        Assert.Equal("one", await SaidAsync(cache, "two", static _ => { }));
        _clock.Advance(TimeSpan.FromHours(0.2));

        Assert.Equal("two", await SaidAsync(cache, "two", static _ => { }));
    }

    [Fact, Trait("req", "C-10")]
    public async Task A_factory_tags_its_entry_beside_the_call()
    {
        using var cache = Caches.With(clock: _clock);
        await SaidAsync(cache, "one", static context => context.Tags.Add("owner:7"), "t");
        await cache.RemoveByTagAsync("owner:7", Reads.Token);
        Assert.Equal("two", await SaidAsync(cache, "two", static context => context.Tags.Add("owner:8"), "t"));
        await cache.RemoveByTagAsync("t", Reads.Token);

        Assert.Equal("three", await SaidAsync(cache, "three", static _ => { }, "t"));
    }

    [Fact]
    public async Task A_factory_keeps_its_value_out_of_the_cache()
    {
        using var cache = Caches.With(clock: _clock);

        Assert.Equal("one", await SaidAsync(cache, "one", static context => context.DoNotCache = true));
        Assert.Equal("two", await SaidAsync(cache, "two", static _ => { }));
        Assert.Equal("two", await SaidAsync(cache, "three", static context => context.DoNotCache = true));
    }

    [Fact]
    public async Task What_breaks_the_rules_of_tags_reaches_the_caller_and_is_not_kept()
    {
        using var cache = Caches.With(clock: _clock);

        await Assert.ThrowsAsync<ArgumentException>(async () => await SaidAsync(cache, "one", static context => context.Tags.Add("*")));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await SaidAsync(cache, "one", static context => context.Expiration = TimeSpan.Zero));

        Assert.Equal(0, cache.GetStatistics().Entries);
    }

    private static ValueTask<string> SaidAsync(Cache cache, string value, Action<CacheEntryContext> say, params string[] tags) => cache.GetOrCreateAsync(
        "user:1",
        (value, say),
        static (state, context, _) =>
        {
            state.say(context);
            return ValueTask.FromResult(state.value);
        },
        Policy,
        tags,
        Reads.Token);
}
