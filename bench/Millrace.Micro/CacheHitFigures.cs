using System.Collections.Concurrent;
using System.Diagnostics;
using Millrace.Caching;

namespace Millrace.Micro;

/// <summary>Hits in the local cache beside a bare concurrent dictionary: 10,000 keys, Zipf 0.99, tags and statistics on. Alternately, medians.</summary>
internal static class CacheHitFigures
{
    private const int Keys = 10_000;
    private const int Burst = 1000; // operations between two looks at the time

    private static readonly string[] Tags = ["catalogue"];
    private static readonly ZipfKeys Zipf = new(Keys, 0.99, seed: 1);

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("cache.hit.1t", "L1 hit of a small immutable value, GetOrCreateAsync with state, policy and tags, 1 thread", static o => HitAsync("cache.hit.1t", o, threads: 1)),
        new("cache.hit.2t", "the same, 2 threads, total rate", static o => HitAsync("cache.hit.2t", o, threads: 2)),
        new("cache.hit.declared", "L1 hit of a mutable class that is declared immutable, 1 thread", static o => MutableAsync("cache.hit.declared", o, static options => options.Immutable<Mutable>())),
        new("cache.hit.mutable", "L1 hit of a mutable class with a cloner, 1 thread", static o => MutableAsync("cache.hit.mutable", o, static options => options.Clone<Mutable>(static m => new Mutable { Id = m.Id, Name = m.Name }))),
        new("cache.tryget", "synchronous TryGet hit, 1 thread, against a bare lookup", TryGetAsync),
    ];

    private static async Task<FigureLine> HitAsync(string name, MicroOptions options, int threads)
    {
        using var cache = new Cache(new CacheOptions().Immutable<Product>());
        var floor = new ConcurrentDictionary<string, Product>();
        foreach (var key in Zipf.All)
        {
            var product = new Product(key.Length, key);
            floor[key] = product;
            await cache.SetAsync(key, product, CachePolicies.Long, Tags);
        }

        var (ours, theirs, allocated) = await Duel.RunAsync(
            name, options, end => OnThreadsAsync(threads, offset => ReadAsync(cache, end, offset)), end => OnThreadsAsync(threads, offset => ReadAsync(floor, end, offset)));
        return threads == 1
            ? Line(name, ours, theirs, allocated, "ConcurrentDictionary+ValueTask", goal: 1.5)
            : Rates(name, ours, theirs, allocated, "ConcurrentDictionary+ValueTask", goal: 0.65);
    }

    private static async Task<FigureLine> MutableAsync(string name, MicroOptions options, Action<CacheOptions> declare)
    {
        var cacheOptions = new CacheOptions();
        declare(cacheOptions);
        using var cache = new Cache(cacheOptions);
        var floor = new ConcurrentDictionary<string, Mutable>();
        foreach (var key in Zipf.All)
        {
            floor[key] = new Mutable { Id = key.Length, Name = key };
            await cache.SetAsync(key, floor[key], CachePolicies.Long, Tags);
        }

        var (ours, theirs, allocated) = await Duel.RunAsync(name, options, end => ReadMutableAsync(cache, end), end => ReadMutableAsync(floor, end));
        return Line(name, ours, theirs, allocated, "ConcurrentDictionary+ValueTask", goal: 2.5);
    }

    private static async Task<FigureLine> TryGetAsync(MicroOptions options)
    {
        using var cache = new Cache(new CacheOptions().Immutable<Product>());
        var floor = new ConcurrentDictionary<string, Product>();
        foreach (var key in Zipf.All)
        {
            floor[key] = new Product(key.Length, key);
            await cache.SetAsync(key, floor[key], CachePolicies.Long, Tags);
        }

        var (ours, theirs, allocated) = await Duel.RunAsync(
            "cache.tryget", options, end => Task.FromResult(Read(cache, end)), end => Task.FromResult(Read(floor, end)));
        return Line("cache.tryget", ours, theirs, allocated, "ConcurrentDictionary.TryGetValue", goal: 1.4);
    }

    private static async Task<long> OnThreadsAsync(int threads, Func<int, Task<long>> work)
    {
        if (threads == 1)
        {
            return await work(0);
        }

        var counts = await Task.WhenAll(Enumerable.Range(0, threads).Select(i => Task.Run(() => work(i * 500_009))));
        return counts.Sum();
    }

    private static async Task<long> ReadAsync(Cache cache, long end, int offset)
    {
        var (keys, count, at, sum) = (Zipf.Sequence, 0L, offset, 0L);
        for (; Stopwatch.GetTimestamp() < end; count += Burst)
        {
            for (var i = 0; i < Burst; i++)
            {
                sum += (await cache.GetOrCreateAsync<int, Product>(
                    keys[at++ & (keys.Length - 1)], at, static (_, _) => throw new InvalidOperationException("A miss."), CachePolicies.Long, Tags)).Id;
            }
        }

        return sum > 0 ? count : throw new InvalidOperationException("Nothing was read.");
    }

    private static async Task<long> ReadAsync(ConcurrentDictionary<string, Product> floor, long end, int offset)
    {
        var (keys, count, at, sum) = (Zipf.Sequence, 0L, offset, 0L);
        for (; Stopwatch.GetTimestamp() < end; count += Burst)
        {
            for (var i = 0; i < Burst; i++)
            {
                sum += (await LookUpAsync(floor, keys[at++ & (keys.Length - 1)])).Id;
            }
        }

        return sum > 0 ? count : throw new InvalidOperationException("Nothing was read.");
    }

    private static async Task<long> ReadMutableAsync(Cache cache, long end)
    {
        var (keys, count, at, sum) = (Zipf.Sequence, 0L, 0, 0L);
        for (; Stopwatch.GetTimestamp() < end; count += Burst)
        {
            for (var i = 0; i < Burst; i++)
            {
                sum += (await cache.GetOrCreateAsync<int, Mutable>(
                    keys[at++ & (keys.Length - 1)], at, static (_, _) => throw new InvalidOperationException("A miss."), CachePolicies.Long, Tags)).Id;
            }
        }

        return sum > 0 ? count : throw new InvalidOperationException("Nothing was read.");
    }

    private static async Task<long> ReadMutableAsync(ConcurrentDictionary<string, Mutable> floor, long end)
    {
        var (keys, count, at, sum) = (Zipf.Sequence, 0L, 0, 0L);
        for (; Stopwatch.GetTimestamp() < end; count += Burst)
        {
            for (var i = 0; i < Burst; i++)
            {
                sum += (await LookUpAsync(floor, keys[at++ & (keys.Length - 1)])).Id;
            }
        }

        return sum > 0 ? count : throw new InvalidOperationException("Nothing was read.");
    }

    private static ValueTask<T> LookUpAsync<T>(ConcurrentDictionary<string, T> floor, string key) =>
        floor.TryGetValue(key, out var value) ? new ValueTask<T>(value) : throw new InvalidOperationException("A miss.");

    private static long Read(Cache cache, long end)
    {
        var (keys, count, at, sum) = (Zipf.Sequence, 0L, 0, 0L);
        for (; Stopwatch.GetTimestamp() < end; count += Burst)
        {
            for (var i = 0; i < Burst; i++)
            {
                sum += cache.TryGet<Product>(keys[at++ & (keys.Length - 1)], out var product) ? product!.Id : throw new InvalidOperationException("A miss.");
            }
        }

        return sum > 0 ? count : throw new InvalidOperationException("Nothing was read.");
    }

    private static long Read(ConcurrentDictionary<string, Product> floor, long end)
    {
        var (keys, count, at, sum) = (Zipf.Sequence, 0L, 0, 0L);
        for (; Stopwatch.GetTimestamp() < end; count += Burst)
        {
            for (var i = 0; i < Burst; i++)
            {
                sum += floor.TryGetValue(keys[at++ & (keys.Length - 1)], out var product) ? product.Id : throw new InvalidOperationException("A miss.");
            }
        }

        return sum > 0 ? count : throw new InvalidOperationException("Nothing was read.");
    }

    private static FigureLine Line(string name, List<double> ours, List<double> theirs, double allocated, string versus, double goal) => new()
    {
        Bench = name,
        Value = Math.Round(Duel.Median(ours), 1),
        Unit = "ns",
        Versus = versus,
        VersusValue = Math.Round(Duel.Median(theirs), 1),
        Ratio = Math.Round(Duel.Median(ours) / Duel.Median(theirs), 2),
        Goal = goal,
        AllocatedBytes = Math.Round(allocated, 2),
        Runs = [.. ours.Select(static run => Math.Round(run, 1))],
        VersusRuns = [.. theirs.Select(static run => Math.Round(run, 1))],
    };

    private static FigureLine Rates(string name, List<double> ours, List<double> theirs, double allocated, string versus, double goal) => new()
    {
        Bench = name,
        Value = Math.Round(1e9 / Duel.Median(ours)),
        Unit = "1/s",
        Versus = versus,
        VersusValue = Math.Round(1e9 / Duel.Median(theirs)),
        Ratio = Math.Round(Duel.Median(theirs) / Duel.Median(ours), 2),
        Goal = goal,
        AllocatedBytes = Math.Round(allocated, 2),
        Runs = [.. ours.Select(static run => Math.Round(1e9 / run))],
        VersusRuns = [.. theirs.Select(static run => Math.Round(1e9 / run))],
    };

    private sealed record Product(int Id, string Name);

    private sealed class Mutable
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }
}
