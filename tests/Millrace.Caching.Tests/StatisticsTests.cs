using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Millrace.TestKit;

namespace Millrace.Caching.Tests;

[Trait("req", "C-24")]
public sealed class StatisticsTests
{
    [Fact]
    public async Task A_scripted_run_is_counted_exactly()
    {
        var clock = new FakeClock();
        using var cache = Caches.With(o => (o.EntryLimit, o.MaximumPayloadBytes) = (3, 2000), clock);
        await cache.Read("user:1", "a"); // miss, run, store
        await cache.Read("user:1", "a"); // hit
        await cache.Read("user:2", "b"); // miss, run, store
        cache.TryGet<string>("user:1", out _); // hit
        cache.TryGet<string>("user:3", out _); // miss
        await Assert.ThrowsAsync<TimeoutException>(async () => await cache.GetOrCreateAsync<string>("user:4", _ => throw new TimeoutException(), CachePolicies.Short)); // miss, run, error
        await cache.SetAsync("list:7:open", new byte[10], CachePolicies.VeryShort); // store
        await cache.SetAsync("list:8:open", new byte[10], CachePolicies.VeryShort); // store, evicts the other list, which nobody has read
        await cache.SetAsync("list:9:open", new byte[3000], CachePolicies.VeryShort); // rejected
        await cache.RemoveAsync(["user:1", "user:2"]); // two invalidations
        await cache.RemoveByTagAsync("t"); // one
        clock.Advance(TimeSpan.FromMinutes(2)); // one expires

        var statistics = cache.GetStatistics();
        Assert.Equal("default", statistics.Name);
        Assert.Equal((2, 4), (statistics.Hits, statistics.Misses));
        Assert.Equal(2.0 / 6, statistics.HitRatio);
        Assert.Equal((3, 1, 0), (statistics.FactoryRuns, statistics.FactoryErrors, statistics.Joins));
        Assert.Equal((4, 1, 1, 1, 3), (statistics.Stores, statistics.Rejections, statistics.Evictions, statistics.Expirations, statistics.Invalidations));
        Assert.Equal((0, 0, 3), (statistics.Entries, statistics.SizeBytes, statistics.EntryLimit));
        Assert.Equal((0, 0), (statistics.Flights, statistics.Doomed));
        Assert.Equal(["user:{}", "list:{}:open"], statistics.Patterns.Select(p => p.Pattern));
        var users = statistics.Patterns[0];
        Assert.Equal((2, 4, 3, 1, 0, 0), (users.Hits, users.Misses, users.FactoryRuns, users.FactoryErrors, users.Evictions, users.Entries));
        Assert.Equal((1, 1), (statistics.Patterns[1].Evictions, statistics.Patterns[1].Expirations));
    }

    [Fact]
    public async Task Counts_are_exact_when_many_threads_read()
    {
        using var cache = Caches.With();
        await cache.SetAsync("k", "v", CachePolicies.Short);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                cache.TryGet<string>("k", out var _);
            }
        }))).WaitAsync(Caches.Guard);
        Assert.Equal(160_000, cache.GetStatistics().Hits);
    }

    [Theory]
    [InlineData("project:42", "project:{}")]
    [InlineData("project:42:tasks", "project:{}:tasks")]
    [InlineData("v2:user:0f9a-11", "v2:user:{}")]
    [InlineData("settings", "settings")]
    [InlineData("a:b:c:d:e:f", "a:b:c:d")]
    [InlineData("42", "{}")]
    [InlineData("search:what a question", "search:{}")]
    [InlineData("name:ünï", "name:{}")]
    [InlineData("::", "::")]
    public async Task Identifiers_in_keys_do_not_show_in_their_pattern(string key, string pattern)
    {
        using var cache = Caches.With();
        await cache.SetAsync(key, "v", CachePolicies.Short);
        Assert.Equal(pattern, Assert.Single(cache.GetStatistics().Patterns).Pattern);
    }

    [Fact]
    public async Task Patterns_are_bounded_and_words_that_are_identifiers_fall_together()
    {
        using var cache = Caches.With(o => o.KeyPatternLimit = 30);
        for (var i = 0; i < 200; i++)
        {
            cache.TryGet<int>($"user:{Word(i)}", out _);
        }

        Assert.Equal(17, cache.GetStatistics().Patterns.Count);
        Assert.Equal(184, cache.GetStatistics().Patterns.Single(p => p.Pattern == "user:{}").Misses);
        for (var i = 0; i < 200; i++)
        {
            await cache.Read($"{Word(i)}:x", i);
        }

        var statistics = cache.GetStatistics();
        Assert.Equal(31, statistics.Patterns.Count);
        Assert.Equal(187, statistics.Patterns.Single(p => p.Pattern == "other").Misses);
        Assert.Equal(400, statistics.Misses);

        static string Word(int i) => $"{(char)('a' + (i / 26))}{(char)('a' + (i % 26))}";
    }

    [Fact]
    public async Task The_meter_shows_the_same_numbers()
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddMillraceCache("metered");
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredKeyedService<Cache>("metered");
        await cache.Read("user:1", "a");
        await cache.Read("user:1", "a");
        var seen = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "Millrace.Caching")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var of = tags.ToArray().ToDictionary(t => t.Key, t => t.Value as string);
            if (of["cache.name"] == "metered")
            {
                seen[$"{instrument.Name} {of.GetValueOrDefault("cache.request.type")} {of.GetValueOrDefault("cache.key_pattern")}"] = value;
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal(1, seen["dotnet.cache.requests hit user:{}"]);
        Assert.Equal(1, seen["dotnet.cache.requests miss user:{}"]);
        Assert.Equal(1, seen["dotnet.cache.entries  "]);
        Assert.Equal(cache.GetStatistics().SizeBytes, seen["dotnet.cache.estimated_size  "]);
        Assert.Equal(1, seen["millrace.cache.factory.runs  user:{}"]);
    }
}
