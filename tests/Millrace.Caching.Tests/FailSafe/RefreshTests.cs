using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.FailSafe;

/// <summary>Entries are read anew before they expire.</summary>
[Trait("req", "C-07")]
public sealed class RefreshTests
{
    private static readonly CachePolicy Policy = new("ahead", TimeSpan.FromMinutes(5)) { RefreshAhead = 0.8 };

    private readonly FakeClock _clock = new();

    [Fact]
    public async Task A_read_late_in_an_entry_s_life_refreshes_it_and_does_not_wait()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("old", Policy);
        _clock.Advance(TimeSpan.FromMinutes(3.9));
        await cache.ReadAsync(source, Policy);
        Assert.Equal(0, source.Runs);
        _clock.Advance(TimeSpan.FromMinutes(0.1));

        for (var i = 0; i < 100; i++)
        {
            var read = cache.ReadAsync(source, Policy);
            Assert.True(read.IsCompletedSuccessfully);
            Assert.Equal("old", await read);
        }

        await source.BegunAsync();
        source.Answer("new");
        await cache.UntilAsync(static s => s.Refreshes == 1, "it is refreshed");
        Assert.Equal(1, source.Runs);
        Assert.Equal("new", await cache.GivenAsync("other", Policy));
        _clock.Advance(TimeSpan.FromMinutes(3.9)); // the new one has a life of its own
        Assert.Equal("new", await cache.GivenAsync("other", Policy));
        Assert.Equal(1, cache.GetStatistics().Misses);
    }

    [Theory, Trait("req", "C-04")]
    [InlineData("key")]
    [InlineData("tag")]
    [InlineData("pattern")]
    [InlineData("everything")]
    [InlineData("set")]
    public async Task A_refresh_that_began_before_an_invalidation_stores_nothing_after_it(string how)
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("old", Policy, "t");
        _clock.Advance(TimeSpan.FromMinutes(4.5));
        await cache.ReadAsync(source, Policy, "t");
        await source.BegunAsync();

        await (how switch
        {
            "key" => cache.RemoveAsync("user:1", Reads.Token),
            "tag" => cache.RemoveByTagAsync("t", Reads.Token),
            "pattern" => cache.RemoveByPatternAsync("user:*", Reads.Token),
            "set" => cache.SetAsync("user:1", "set", Policy, ["t"], Reads.Token),
            _ => cache.InvalidateAllAsync(Reads.Token),
        });
        source.Answer("read before the invalidation");
        await cache.UntilAsync(static s => s.Flights == 0, "it has ended");

        Assert.Equal(how == "set" ? "set" : "fresh", await cache.GivenAsync("fresh", Policy, "t"));
    }

    [Fact]
    public async Task Who_misses_while_a_refresh_is_under_way_gets_its_value()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("old", Policy);
        _clock.Advance(TimeSpan.FromMinutes(4.9));
        await cache.ReadAsync(source, Policy);
        await source.BegunAsync();
        _clock.Advance(TimeSpan.FromSeconds(10)); // the old one has expired
        var read = cache.ReadAsync(source, Policy).AsTask();
        await cache.UntilAsync(static s => s.Joins == 1, "it has joined");

        source.Answer("new");

        Assert.Equal("new", await read);
        Assert.Equal(1, source.Runs);
    }

    [Fact]
    public async Task A_refresh_that_fails_is_counted_and_tried_again_after_a_delay_that_doubles()
    {
        using var cache = Caches.With(clock: _clock);
        var policy = Policy with { Expiration = TimeSpan.FromHours(1), RefreshAhead = 0.5, FailSafeThrottle = TimeSpan.FromSeconds(10) };
        await cache.GivenAsync("old", policy);
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("old", await cache.FailingAsync(policy));
        await cache.UntilAsync(static s => s.RefreshFailures == 1 && s.Flights == 0, "it has failed");

        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("old", await cache.FailingAsync(policy));
        Assert.Equal(2, cache.GetStatistics().FactoryRuns);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("old", await cache.FailingAsync(policy));
        await cache.UntilAsync(static s => s.RefreshFailures == 2 && s.Flights == 0, "it has failed again");
        _clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal("old", await cache.FailingAsync(policy));
        Assert.Equal(3, cache.GetStatistics().FactoryRuns);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("old", await cache.GivenAsync("new", policy));
        await cache.UntilAsync(static s => s.Refreshes == 1, "it is refreshed");

        Assert.Equal("new", await cache.GivenAsync("other", policy));
        Assert.Equal(0, cache.GetStatistics().StaleHits); // it was fresh all the time
    }

    [Fact]
    public async Task What_finds_the_queue_full_is_skipped_and_counted_and_tried_again()
    {
        using var cache = Caches.With(static o => (o.RefreshConcurrency, o.RefreshQueueLimit) = (1, 1), _clock);
        var source = new Source();
        for (var i = 0; i < 3; i++)
        {
            await cache.SetAsync<string?>($"user:{i}", "old", Policy, cancellationToken: Reads.Token);
        }

        _clock.Advance(TimeSpan.FromMinutes(4));
        await ReadAllAsync();
        await source.BegunAsync();
        Assert.Equal(1, cache.GetStatistics().RefreshesSkipped);
        source.Answer("new");
        await source.BegunAsync(2);
        source.Answer("new");
        await cache.UntilAsync(static s => s.Refreshes == 2, "two are refreshed");

        _clock.Advance(TimeSpan.FromSeconds(1));
        await ReadAllAsync();
        await source.BegunAsync(3);
        source.Answer("new");

        await cache.UntilAsync(static s => s.Refreshes == 3, "the third is refreshed");
        Assert.Equal(1, cache.GetStatistics().RefreshesSkipped);

        async Task ReadAllAsync()
        {
            for (var i = 0; i < 3; i++)
            {
                await cache.GetOrCreateAsync($"user:{i}", source, Source.Read, Policy, cancellationToken: Reads.Token);
            }
        }
    }

    [Fact]
    public async Task A_refresh_does_not_see_what_the_reader_s_request_carries()
    {
        using var cache = Caches.With(clock: _clock);
        var ambient = new AsyncLocal<string?>();
        await cache.GivenAsync("old", Policy);
        _clock.Advance(TimeSpan.FromMinutes(4));
        ambient.Value = "request";

        await cache.GetOrCreateAsync("user:1", ambient, static (ambient, _) => ValueTask.FromResult(ambient.Value ?? "nothing")!, Policy, cancellationToken: Reads.Token);

        await cache.UntilAsync(static s => s.Refreshes == 1, "it is refreshed");
        Assert.Equal("nothing", await cache.GivenAsync("other", Policy));
    }

    [Fact]
    public async Task A_disposed_cache_ends_its_refreshes()
    {
        var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("old", Policy);
        _clock.Advance(TimeSpan.FromMinutes(4));
        await cache.ReadAsync(source, Policy);
        await source.BegunAsync();

        await cache.DisposeAsync().AsTask().WaitAsync(Caches.Guard, Reads.Token);

        Assert.Equal(0, cache.GetStatistics().RefreshFailures);
    }

    [Fact]
    public async Task A_registered_key_is_brought_refreshed_and_brought_back_though_nobody_reads_it()
    {
        var values = 0;
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddMillraceCache().KeepFresh(
            "rates", (_, _) => ValueTask.FromResult($"value {Interlocked.Increment(ref values)}"), new CachePolicy { Expiration = TimeSpan.FromMinutes(5) }, ["t"]);
        using var host = builder.Build();
        await host.StartAsync(Reads.Token);
        var cache = host.Services.GetRequiredService<Cache>();

        await HoldsAsync("value 1", TimeSpan.Zero);
        await HoldsAsync("value 2", TimeSpan.FromMinutes(4.5)); // before it has expired
        await cache.RemoveByTagAsync("t", Reads.Token);
        await HoldsAsync("value 3", TimeSpan.FromSeconds(60));

        await host.StopAsync(Reads.Token);

        // The clock moves on as long as its keeper waits, and no further than the given time.
        async Task HoldsAsync(string expected, TimeSpan within)
        {
            var left = within;
            await Poll.UntilAsync(
                () =>
                {
                    if (cache.TryGet<string>("rates", out var value) && value == expected)
                    {
                        return Task.FromResult<string?>(null);
                    }

                    if (left > TimeSpan.Zero)
                    {
                        _clock.Advance(TimeSpan.FromSeconds(5));
                        left -= TimeSpan.FromSeconds(5);
                    }

                    return Task.FromResult<string?>($"it is {value}");
                },
                $"the value is {expected}");
        }
    }
}
