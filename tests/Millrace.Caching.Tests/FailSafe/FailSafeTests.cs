using Millrace.TestKit;

namespace Millrace.Caching.Tests.FailSafe;

/// <summary>The source fails: what is kept is served, for a while.</summary>
[Trait("req", "C-08")]
public sealed class FailSafeTests
{
    private static readonly CachePolicy Policy = new("safe", TimeSpan.FromMinutes(1)) { FailSafe = TimeSpan.FromMinutes(10), FailSafeThrottle = TimeSpan.FromSeconds(5) };

    private readonly FakeClock _clock = new();

    [Fact]
    public async Task A_failing_source_is_stood_in_for_by_the_last_good_value()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.GivenAsync("good", Policy);
        _clock.Advance(TimeSpan.FromMinutes(2));

        Assert.False(cache.TryGet<string>("user:1", out _)); // it has expired, and only a read with a source gets it
        Assert.Equal("good", await cache.FailingAsync(Policy));

        var statistics = cache.GetStatistics();
        Assert.Equal(1, statistics.StaleHits);
        Assert.Equal(1, statistics.FactoryErrors);
        Assert.Equal(0, statistics.Hits);
    }

    [Fact]
    public async Task The_source_is_left_alone_for_the_throttle_time_and_then_asked_again()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.GivenAsync("good", Policy);
        _clock.Advance(TimeSpan.FromMinutes(2));
        await cache.FailingAsync(Policy);

        Assert.Equal("good", await cache.GivenAsync("new", Policy));
        Assert.Equal(2, cache.GetStatistics().FactoryRuns);
        Assert.Equal(2, cache.GetStatistics().StaleHits);
        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("new", await cache.GivenAsync("new", Policy));
    }

    [Fact]
    public async Task It_is_served_no_longer_than_the_policy_says()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.GivenAsync("good", Policy);
        _clock.Advance(TimeSpan.FromMinutes(10.9));
        Assert.Equal("good", await cache.FailingAsync(Policy));

        _clock.Advance(TimeSpan.FromMinutes(0.2));

        await Assert.ThrowsAsync<IOException>(async () => await cache.FailingAsync(Policy));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, cache.GetStatistics().Entries); // and its memory is back
    }

    [Fact]
    public async Task Without_fail_safe_the_failure_reaches_the_callers()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.GivenAsync("good", CachePolicies.VeryShort);
        _clock.Advance(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<IOException>(async () => await cache.FailingAsync(CachePolicies.VeryShort));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("tag")]
    [InlineData("pattern")]
    [InlineData("everything")]
    public async Task What_was_invalidated_is_never_served(string how)
    {
        using var cache = Caches.With(clock: _clock);
        await cache.GivenAsync("good", Policy, "t");
        _clock.Advance(TimeSpan.FromMinutes(2));

        await (how switch
        {
            "key" => cache.RemoveAsync("user:1", Reads.Token),
            "tag" => cache.RemoveByTagAsync("t", Reads.Token),
            "pattern" => cache.RemoveByPatternAsync("user:*", Reads.Token),
            _ => cache.InvalidateAllAsync(Reads.Token),
        });

        await Assert.ThrowsAsync<IOException>(async () => await cache.FailingAsync(Policy, failure: null, "t"));
    }

    [Fact]
    public async Task What_is_invalidated_while_the_source_fails_is_not_served_after_it()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("good", Policy, "t");
        _clock.Advance(TimeSpan.FromMinutes(2));
        var read = cache.ReadAsync(source, Policy, "t").AsTask();
        await source.BegunAsync();

        await cache.RemoveByTagAsync("t", Reads.Token);
        source.Fail(new IOException("the source is away"));

        await Assert.ThrowsAsync<IOException>(() => read);
    }

    [Fact]
    public async Task A_cancelled_read_is_no_failure_of_the_source()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("good", Policy);
        _clock.Advance(TimeSpan.FromMinutes(2));
        using var gone = new CancellationTokenSource();
        var read = cache.GetOrCreateAsync("user:1", source, Source.Read, Policy, cancellationToken: gone.Token).AsTask();
        await source.BegunAsync();

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await cache.UntilAsync(static s => s.FactoryErrors == 1, "the factory has ended");
        Assert.Equal("new", await cache.GivenAsync("new", Policy)); // nothing is throttled
    }

    [Fact]
    public async Task An_outage_is_logged_when_it_begins_and_when_it_ends()
    {
        var log = new Sharing.LogList();
        using var cache = new Cache(Cache.DefaultName, new CacheOptions(), _clock, services: null, registry: null, log, seed: 1);
        await cache.GivenAsync("good", Policy);
        for (var i = 0; i < 5; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal("good", await cache.FailingAsync(Policy));
        }

        _clock.Advance(TimeSpan.FromMinutes(1));
        await cache.GivenAsync("new", Policy);

        Assert.Equal([1200, 1201], log.Ids);
    }

    [Fact]
    public async Task Null_that_a_source_gave_stands_in_for_it_too()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.GivenAsync(null, Policy);
        _clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Null(await cache.FailingAsync(Policy));
    }

    [Fact]
    public void The_settings_have_ranges()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => new CachePolicy { FailSafe = TimeSpan.FromTicks(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new CachePolicy { FailSafe = TimeSpan.FromDays(31) });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new CachePolicy { FailSafeThrottle = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new CachePolicy { SoftTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new CachePolicy { HardTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new CachePolicy { NegativeExpiration = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new CachePolicy { RefreshAhead = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new CachePolicy { RefreshAhead = 0 });
    }

    [Fact]
    public async Task Configuration_has_the_last_word()
    {
        using var cache = Caches.With(static o => o.Policies["plain"] = new CachePolicySettings { FailSafe = TimeSpan.FromMinutes(5) }, _clock);
        var plain = new CachePolicy("plain", TimeSpan.FromMinutes(1));
        await cache.GivenAsync("good", plain);
        _clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("good", await cache.FailingAsync(plain));
        var error = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(static () => Caches.With(static o =>
            o.Policies["plain"] = new CachePolicySettings { FailSafe = TimeSpan.FromDays(31), RefreshAhead = 2, SoftTimeout = TimeSpan.Zero, FailSafeThrottle = TimeSpan.Zero }));
        Assert.Equal(4, error.Failures.Count());
    }
}
