using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using Millrace.Caching;

namespace Millrace.Micro;

/// <summary>What storing costs: time, memory, and what happens at the bounds. Alternately with the other side where time is measured; medians.</summary>
internal static class CacheStoreFigures
{
    private const int Million = 1_000_000;
    private const int ValueBytes = 64;

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("cache.miss", "GetOrCreateAsync that misses, runs a synchronous factory and stores, L1 only, against ConcurrentDictionary.TryAdd", static o => StoreAsync(
            "cache.miss", o, static async (cache, keys) =>
            {
                foreach (var key in keys)
                {
                    await cache.GetOrCreateAsync(key, 1, static (state, _) => ValueTask.FromResult(state), CachePolicies.Long);
                }
            })),
        new("cache.set", "SetAsync of a fresh key, L1 only, against ConcurrentDictionary.TryAdd", static o => StoreAsync("cache.set", o, static async (cache, keys) =>
        {
            foreach (var key in keys)
            {
                await cache.SetAsync(key, 1, CachePolicies.Long);
            }
        })),
        new("cache.heap", "heap per entry over key and value, 1M small entries with expiry, against ConcurrentDictionary", HeapAsync),
        new("cache.budget", "growth of the heap under a budget of 128 MB, offered 1M values of 64 bytes, as a share of the budget", BudgetAsync),
        new("cache.evict", "SetAsync over the capacity in bytes, 1 thread, against MemoryCache with a size limit", EvictAsync),
        new("cache.tag", "invalidate 1 tag on 100,000 entries until no read yields any, against scan and remove in MemoryCache", TagAsync),
    ];

    private static async Task<FigureLine> StoreAsync(string name, MicroOptions options, Func<Cache, string[], Task> store)
    {
        const int Batch = 100_000;
        var keys = Enumerable.Range(0, Batch).Select(static i => $"product:{i}").ToArray();
        var (ours, theirs) = (new List<double>(), new List<double>());
        var allocated = 0L;
        var rounds = Math.Max(3, options.Runs * (int)Math.Min(10, options.Seconds));
        for (var round = -5; round < rounds; round++) // the first ones until both sides are compiled for good
        {
            var floor = new ConcurrentDictionary<string, object>();
            GC.Collect();
            var start = Stopwatch.GetTimestamp();
            foreach (var key in keys)
            {
                floor.TryAdd(key, key);
            }

            var floorTime = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Batch;
            using var cache = new Cache(new CacheOptions { EntryLimit = Million, SizeLimitBytes = 1L << 30 });
            GC.Collect();
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            start = Stopwatch.GetTimestamp();
            await store(cache, keys);
            var time = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Batch;
            allocated = GC.GetAllocatedBytesForCurrentThread() - bytes;
            if (round >= 0)
            {
                ours.Add(time);
                theirs.Add(floorTime);
            }
        }

        return new FigureLine
        {
            Bench = name,
            Value = Math.Round(Duel.Median(ours), 1),
            Unit = "ns",
            Versus = "ConcurrentDictionary.TryAdd",
            VersusValue = Math.Round(Duel.Median(theirs), 1),
            Ratio = Math.Round(Duel.Median(ours) / Duel.Median(theirs), 2),
            Goal = 2.5,
            AllocatedBytes = Math.Round((double)allocated / Batch),
        };
    }

    private static async Task<FigureLine> HeapAsync(MicroOptions options)
    {
        var keys = Enumerable.Range(0, Million).Select(static i => $"product:{i}").ToArray();
        var values = keys.Select(static key => new Small(key.Length)).ToArray();
        var before = Heap();
        var floor = new ConcurrentDictionary<string, Small>();
        for (var i = 0; i < Million; i++)
        {
            floor[keys[i]] = values[i];
        }

        var theirs = (Heap() - before) / (double)Million;
        GC.KeepAlive(floor);
        floor = null;
        before = Heap();
        using var cache = new Cache(new CacheOptions { EntryLimit = Million, SizeLimitBytes = 1L << 30 }.Immutable<Small>(static _ => 24));
        for (var i = 0; i < Million; i++)
        {
            await cache.SetAsync(keys[i], values[i], CachePolicies.Long);
        }

        var ours = (Heap() - before) / (double)Million;
        GC.KeepAlive(values);
        return new FigureLine
        {
            Bench = "cache.heap",
            Value = Math.Round(ours, 1),
            Unit = "B",
            Versus = "ConcurrentDictionary",
            VersusValue = Math.Round(theirs, 1),
            Ratio = Math.Round(ours / theirs, 2),
            Goal = 130,
            Readable = Math.Round(100.0 * cache.GetStatistics().Entries / Million, 2),
        };
    }

    private static async Task<FigureLine> BudgetAsync(MicroOptions options)
    {
        const long Budget = 128L * 1024 * 1024;
        var before = Heap();
        using var cache = new Cache(new CacheOptions { EntryLimit = 10 * Million, SizeLimitBytes = Budget });
        for (var i = 0; i < Million; i++)
        {
            await cache.SetAsync(string.Create(CultureInfo.InvariantCulture, $"product:{i}"), new byte[ValueBytes], CachePolicies.Long);
        }

        var grown = Heap() - before;
        var statistics = cache.GetStatistics();
        return new FigureLine
        {
            Bench = "cache.budget",
            Value = Math.Round(grown / (double)statistics.Entries, 1),
            Unit = "B per entry, key and value included",
            Versus = "what entries weigh",
            VersusValue = Math.Round(statistics.SizeBytes / (double)statistics.Entries, 1),
            Ratio = Math.Round(grown / (double)Budget, 3),
            Goal = 1.15,
        };
    }

    private static async Task<FigureLine> EvictAsync(MicroOptions options)
    {
        const long Limit = 16L * 1024 * 1024;
        using var cache = new Cache(new CacheOptions { EntryLimit = Million, SizeLimitBytes = Limit });
        using var memory = new MemoryCache(Options.Create(new MemoryCacheOptions { SizeLimit = Limit }));
        var (own, other) = (0, 0);
        long heaviest = 0, unreadable = 0, otherUnreadable = 0, stored = 0, otherStored = 0;
        var (policy, value) = (CachePolicies.Long, new string('x', ValueBytes / sizeof(char))); // immutable: both sides keep the object itself
        async Task<long> Ours(long end)
        {
            var count = 0L;
            for (; Stopwatch.GetTimestamp() < end; count += 100)
            {
                for (var i = 0; i < 100; i++)
                {
                    var key = string.Create(CultureInfo.InvariantCulture, $"product:{own++}");
                    await cache.SetAsync(key, value, policy);
                    unreadable += cache.TryGet<string>(key, out _) ? 0 : 1;
                }

                heaviest = Math.Max(heaviest, cache.GetStatistics().SizeBytes);
            }

            stored += count;
            return count;
        }

        Task<long> Theirs(long end)
        {
            var count = 0L;
            for (; Stopwatch.GetTimestamp() < end; count += 100)
            {
                for (var i = 0; i < 100; i++)
                {
                    var key = string.Create(CultureInfo.InvariantCulture, $"product:{other++}");
                    memory.Set(key, value, new MemoryCacheEntryOptions { Size = 256, AbsoluteExpirationRelativeToNow = policy.Expiration });
                    otherUnreadable += memory.TryGetValue(key, out _) ? 0 : 1;
                }
            }

            otherStored += count;
            return Task.FromResult(count);
        }

        var (ours, theirs, allocated) = await Duel.RunAsync("cache.evict", options, Ours, Theirs);
        return new FigureLine
        {
            Bench = "cache.evict",
            Value = Math.Round(1e9 / Duel.Median(ours)),
            Unit = "1/s",
            Versus = "MemoryCache with SizeLimit",
            VersusValue = Math.Round(1e9 / Duel.Median(theirs)),
            Ratio = Math.Round(Duel.Median(theirs) / Duel.Median(ours), 2),
            Goal = 1,
            AllocatedBytes = Math.Round(allocated),
            OverBound = Math.Max(0, (heaviest - Limit) / (double)Limit),
            Readable = Math.Round(100.0 * (stored - unreadable) / stored, 2),
            VersusReadable = Math.Round(100.0 * (otherStored - otherUnreadable) / otherStored, 2),
        };
    }

    private static async Task<FigureLine> TagAsync(MicroOptions options)
    {
        const int Entries = 100_000;
        using var cache = new Cache(new CacheOptions { EntryLimit = Million, SizeLimitBytes = 1L << 30 });
        using var memory = new MemoryCache(Options.Create(new MemoryCacheOptions()));
        var keys = Enumerable.Range(0, Entries).Select(static i => $"product:{i}").ToArray();
        string[] tags = ["catalogue"];
        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var run = 0; run < Math.Max(3, options.Runs); run++)
        {
            foreach (var key in keys)
            {
                await cache.SetAsync(key, 1, CachePolicies.Long, tags);
                memory.Set(key, tags);
            }

            var start = Stopwatch.GetTimestamp();
            await cache.RemoveByTagAsync("catalogue");
            ours.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (keys.Any(key => cache.TryGet<int>(key, out _)))
            {
                throw new InvalidOperationException("A read yielded an invalidated entry.");
            }

            start = Stopwatch.GetTimestamp();
            foreach (var key in memory.Keys)
            {
                if (memory.TryGetValue(key, out string[]? of) && of!.Contains("catalogue"))
                {
                    memory.Remove(key);
                }
            }

            theirs.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return new FigureLine
        {
            Bench = "cache.tag",
            Value = Math.Round(Duel.Median(ours), 5),
            Unit = "ms",
            Versus = "scan and remove in MemoryCache",
            VersusValue = Math.Round(Duel.Median(theirs), 2),
            Ratio = Math.Round(Duel.Median(ours) / Duel.Median(theirs), 6),
            Goal = 1,
        };
    }

    private static long Heap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private sealed record Small(int Id);
}
