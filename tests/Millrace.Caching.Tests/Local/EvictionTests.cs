using Millrace.Caching.Local;
using Millrace.Caching.Local.Eviction;

namespace Millrace.Caching.Tests.Local;

[Trait("req", "C-02")]
public sealed class EvictionTests
{
    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    public void Whatever_happens_every_entry_stands_in_one_queue_and_the_sums_are_right(int seed)
    {
        var random = new Random(seed);
        var (bytes, limit) = (40_000L, 100);
        long hits = 0;
        var queues = new WindowTinyLfu(bytes, limit, () => hits);
        var model = new Dictionary<string, Entry>(StringComparer.Ordinal);
        for (var step = 0; step < 30_000; step++)
        {
            var key = $"k:{(random.Next(2) == 0 ? random.Next(60) : random.Next(600))}";
            if (random.Next(20) == 0 && model.Remove(key, out var gone))
            {
                queues.Remove(gone);
            }
            else if (model.TryGetValue(key, out var entry) && random.Next(10) > 0)
            {
                hits++;
                entry.Reads = (byte)Math.Min(WindowTinyLfu.MostReads, entry.Reads + 1);
            }
            else
            {
                var (section, reads) = entry is null ? (EntrySection.None, (byte)0) : (entry.Section, entry.Reads);
                if (entry is not null)
                {
                    queues.Remove(entry);
                    model.Remove(key);
                }

                var added = Entries.Make(key, random.Next(4) == 0 ? random.Next(9000) : random.Next(400));
                while (queues.IsFull(added.Weight))
                {
                    var victim = queues.Victim(added.Weight)!;
                    Assert.True(model.Remove(victim.Key, out var same) && ReferenceEquals(same, victim), $"seed {seed}, step {step}: the victim was not in");
                    queues.Remove(victim);
                }

                if (entry is null)
                {
                    queues.Add(added);
                }
                else
                {
                    queues.AddAgain(added, section, reads);
                }

                model.Add(key, added);
            }

            Assert.True(queues.Count == model.Count && queues.Count <= limit, $"seed {seed}, step {step}: {queues.Count} for {model.Count}");
            Assert.True(queues.Bytes == model.Values.Sum(e => (long)e.Weight) && queues.Bytes <= bytes, $"seed {seed}, step {step}: {queues.Bytes} bytes");
            Assert.InRange(queues.WindowShare, WindowClimber.SmallestShare, WindowClimber.LargestShare);
            Assert.DoesNotContain(model.Values, static e => e.Section == EntrySection.None);
        }

        while (queues.Victim(0) is { } victim)
        {
            Assert.True(model.Remove(victim.Key), $"seed {seed}: {victim.Key} twice");
            queues.Remove(victim);
        }

        Assert.Empty(model);
    }

    [Fact]
    public async Task A_loop_that_is_longer_than_the_cache_still_hits_as_often_as_it_can()
    {
        using var cache = Caches.With(o => o.EntryLimit = 500);
        Assert.InRange(await HitsAsync(cache, Enumerable.Range(0, 200_000).Select(i => i % 600)), 0.78, 0.84); // the best possible is 0.833, LRU has 0
    }

    [Fact]
    public async Task Where_only_what_was_read_last_is_read_again_it_becomes_LRU()
    {
        // Each key is read four times within 700 requests and never again: frequency from before says nothing.
        using var cache = Caches.With(o => o.EntryLimit = 300);
        var random = new Random(5);
        var requests = Enumerable.Range(0, 400_000).Select(i => (i / 4) - random.Next(170));
        Assert.InRange(await HitsAsync(cache, requests), 0.70, 0.76);
    }

    [Fact]
    public async Task A_cliff_behind_the_window_s_edge_is_left_again()
    {
        // The loop is three per cent longer than the cache: the shadows say that the window should grow, and each step towards it loses.
        using var cache = Caches.With(o => o.EntryLimit = 980);
        Assert.InRange(await HitsAsync(cache, Enumerable.Range(0, 1_000_000).Select(i => i % 1000)), 0.6, 0.98);
    }

    [Fact]
    public async Task Of_two_entries_that_are_read_as_often_the_lighter_one_stays()
    {
        using var cache = Caches.With(o => o.SizeLimitBytes = 1_000_000);
        var random = new Random(3);
        for (var i = 0; i < 60_000; i++)
        {
            var id = random.Next(400);
            var key = $"{(id < 200 ? "light" : "heavy")}:{id}";
            if (!cache.TryGet<byte[]>(key, out _))
            {
                await cache.SetAsync(key, new byte[id < 200 ? 2000 : 8000], CachePolicies.Long);
            }
        }

        var statistics = cache.GetStatistics();
        Assert.True(
            statistics.Patterns.Single(p => p.Pattern == "light:{}").HitRatio > statistics.Patterns.Single(p => p.Pattern == "heavy:{}").HitRatio + 0.15,
            string.Join("; ", statistics.Patterns));
    }

    [Fact]
    public async Task What_is_over_goes_before_what_is_still_good()
    {
        var clock = new Millrace.TestKit.FakeClock();
        using var cache = Caches.With(o => o.EntryLimit = 100, clock);
        for (var i = 0; i < 50; i++)
        {
            await cache.SetAsync($"good:{i}", i, CachePolicies.Long);
            await cache.SetAsync($"over:{i}", i, new CachePolicy { Expiration = TimeSpan.FromMilliseconds(500) });
            cache.TryGet<int>($"over:{i}", out _); // what is over was read, so it is not over because nobody wants it
        }

        clock.Advance(TimeSpan.FromMilliseconds(999)); // the timer has not run
        clock.Advance(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < 50; i++)
        {
            await cache.SetAsync($"new:{i}", i, CachePolicies.Long);
        }

        Assert.Equal((50, 0), (cache.GetStatistics().Expirations, cache.GetStatistics().Evictions));
        Assert.All(Enumerable.Range(0, 50), i => Assert.True(cache.TryGet<int>($"good:{i}", out _)));
    }

    [Theory]
    [InlineData(41)]
    [InlineData(42)]
    public void The_sketch_never_says_less_than_was_counted_since_it_was_halved(int seed)
    {
        var random = new Random(seed);
        var sketch = new FrequencySketch();
        var counted = new Dictionary<int, int>();
        for (var i = 0; i < 900; i++)
        {
            var hash = random.Next(50) * 7_919_113;
            sketch.Add(hash, 1, entries: 1000); // halves after ten thousand
            counted[hash] = Math.Min(FrequencySketch.Highest, counted.GetValueOrDefault(hash) + 1);
        }

        Assert.All(counted, pair => Assert.InRange(sketch.Of(pair.Key), pair.Value, FrequencySketch.Highest));
        for (var i = 0; i < 20_000; i++)
        {
            sketch.Add(random.Next(), 1, entries: 1000);
        }

        Assert.True(counted.Keys.Average(sketch.Of) < counted.Values.Average(), "What was read long ago counts as much as ever.");
    }

    private static async Task<double> HitsAsync(Cache cache, IEnumerable<int> requests)
    {
        var (hits, count) = (0, 0);
        foreach (var request in requests)
        {
            count++;
            if (cache.TryGet<int>($"k:{request}", out _))
            {
                hits++;
            }
            else
            {
                await cache.SetAsync($"k:{request}", request, CachePolicies.Daily);
            }
        }

        return (double)hits / count;
    }
}
