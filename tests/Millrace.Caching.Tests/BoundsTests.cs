using Millrace.TestKit;

namespace Millrace.Caching.Tests;

[Trait("req", "C-02")]
public sealed class BoundsTests
{
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Neither_bound_is_ever_exceeded_and_what_was_just_set_is_there(int seed)
    {
        var random = new Random(seed);
        var clock = new FakeClock();
        using var cache = Caches.With(
            o =>
            {
                o.SizeLimitBytes = 256 * 1024;
                o.EntryLimit = 150;
            },
            clock);
        for (var step = 0; step < 20_000; step++)
        {
            var key = $"k:{random.Next(400)}";
            switch (random.Next(12))
            {
                case 0:
                    await cache.RemoveAsync(key);
                    break;
                case 1:
                    await cache.RemoveByTagAsync($"t:{random.Next(5)}");
                    break;
                case 2:
                    clock.Advance(TimeSpan.FromMilliseconds(random.Next(1500)));
                    break;
                case 3 or 4 or 5:
                    cache.TryGet<byte[]>(key, out _);
                    break;
                default:
                    var value = new byte[random.Next(20) == 0 ? random.Next(60_000) : random.Next(3000)];
                    await cache.SetAsync(key, value, new CachePolicy { Expiration = TimeSpan.FromSeconds(1 + random.Next(20)) }, [$"t:{random.Next(5)}"]);
                    Assert.True(cache.TryGet<byte[]>(key, out var read), $"seed {seed}, step {step}: {key} of {value.Length} bytes is not there");
                    Assert.Equal(value.Length, read!.Length);
                    break;
            }

            var statistics = cache.GetStatistics();
            Assert.True(
                statistics.SizeBytes is >= 0 and <= 256 * 1024 && statistics.Entries is >= 0 and <= 150,
                $"seed {seed}, step {step}: {statistics.SizeBytes} bytes, {statistics.Entries} entries");
        }

        var end = cache.GetStatistics();
        Assert.True(end.Evictions > 0 && end.Expirations > 0, $"seed {seed}: {end}");
        Assert.Equal(end.Entries, end.Patterns.Sum(p => p.Entries));
        Assert.Equal(end.SizeBytes, end.Patterns.Sum(p => p.SizeBytes));
        await cache.InvalidateAllAsync();
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((0, 0), (cache.GetStatistics().Entries, cache.GetStatistics().SizeBytes));
    }

    [Fact]
    public async Task The_bounds_hold_while_many_threads_write()
    {
        using var cache = Caches.With(
            o =>
            {
                o.SizeLimitBytes = 128 * 1024;
                o.EntryLimit = 60;
            },
            TimeProvider.System);
        using var done = new CancellationTokenSource();
        var watcher = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                var statistics = cache.GetStatistics();
                Assert.InRange(statistics.SizeBytes, 0, 128 * 1024);
                Assert.InRange(statistics.Entries, 0, 60);
            }
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 5000; i++)
            {
                await cache.Read($"k:{random.Next(200)}", new byte[random.Next(4000)]);
            }
        }))).WaitAsync(Caches.Guard);
        await done.CancelAsync();
        await watcher.WaitAsync(Caches.Guard);
    }

    [Fact]
    public async Task The_bound_in_bytes_counts_what_strings_and_arrays_weigh()
    {
        using var cache = Caches.With();
        await cache.SetAsync("a", new string('x', 10_000), CachePolicies.Short);
        var text = cache.GetStatistics().SizeBytes;
        Assert.InRange(text, 20_000, 20_500);
        await cache.SetAsync("b", new byte[10_000], CachePolicies.Short);
        Assert.InRange(cache.GetStatistics().SizeBytes - text, 10_000, 10_500);
    }

    [Fact]
    public async Task A_declared_immutable_value_weighs_its_json_or_what_its_weigher_says()
    {
        using var cache = Caches.With(o => o.Immutable<string[]>().Immutable<Stream>(_ => 5000));
        await cache.SetAsync("a", Enumerable.Repeat("0123456789", 1000).ToArray(), CachePolicies.Short);
        var array = cache.GetStatistics().SizeBytes;
        Assert.InRange(array, 13_000, 13_500);
        await cache.SetAsync<Stream>("b", new MemoryStream(), CachePolicies.Short);
        Assert.InRange(cache.GetStatistics().SizeBytes - array, 5000, 5500);
    }

    [Fact]
    public async Task A_value_that_is_too_heavy_reaches_its_caller_is_not_stored_and_is_counted()
    {
        using var cache = Caches.With(o => o.MaximumPayloadBytes = 10_000);
        Assert.Equal(10_001, (await cache.Read("k", new byte[10_001])).Length);
        Assert.Equal(10_001, (await cache.Read("k", new byte[10_001])).Length);
        await cache.Read("fits", new byte[10_000]);
        var statistics = cache.GetStatistics();
        Assert.Equal((2, 1, 3), (statistics.Rejections, statistics.Entries, statistics.FactoryRuns));
    }

    [Fact]
    public async Task Setting_a_value_that_is_too_heavy_removes_the_value_that_it_replaces()
    {
        using var cache = Caches.With(o => o.MaximumPayloadBytes = 10_000);
        await cache.SetAsync("k", new byte[1], CachePolicies.Short);
        await cache.SetAsync("k", new byte[20_000], CachePolicies.Short);
        Assert.False(cache.TryGet<byte[]>("k", out _));
    }

    [Fact]
    public async Task No_entry_takes_more_than_a_quarter_of_the_cache()
    {
        using var cache = Caches.With(o => o.SizeLimitBytes = 100_000);
        await cache.SetAsync("k", new byte[25_000], CachePolicies.Short);
        Assert.Equal(1, cache.GetStatistics().Rejections);
        await cache.SetAsync("k", new byte[24_000], CachePolicies.Short);
        Assert.Equal(1, cache.GetStatistics().Entries);
    }

    [Fact]
    public async Task A_huge_value_still_reaches_everyone_who_waits()
    {
        using var cache = Caches.With();
        var gate = FlightTests.Signal();
        async ValueTask<List<int>> Factory(CancellationToken token)
        {
            await gate.Task;
            return [.. Enumerable.Range(0, 1_000_000)];
        }

        var callers = Enumerable.Range(0, 3).Select(_ => cache.GetOrCreateAsync("k", Factory, CachePolicies.Short).AsTask()).ToArray();
        gate.SetResult();
        foreach (var values in await Task.WhenAll(callers).WaitAsync(Caches.Guard))
        {
            Assert.Equal(1_000_000, values.Count);
        }

        Assert.Equal((1, 1, 0), (cache.GetStatistics().FactoryRuns, cache.GetStatistics().Rejections, cache.GetStatistics().Entries));
    }

    [Fact]
    public async Task What_is_read_again_and_again_survives_a_scan()
    {
        using var cache = Caches.With(o => o.EntryLimit = 100);
        for (var i = 0; i < 50; i++)
        {
            await cache.Read($"hot:{i}", i);
        }

        for (var i = 0; i < 5000; i++)
        {
            await cache.Read($"scan:{i}", i);
            Assert.True(cache.TryGet<int>($"hot:{i % 50}", out _), $"hot:{i % 50} was lost at step {i}");
        }
    }
}
