using System.Globalization;
using Microsoft.Extensions.Caching.Hybrid;
using Millrace.Caching;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Micro;

/// <summary>Reads that L1 does not answer and L2 does, beside raw GETs of the same entries by the client that the cache uses.</summary>
internal static class SecondLevelFigures
{
    private const int Callers = 16;
    private const int Keys = 8_192;
    private const int ValueBytes = 1024;

    private static readonly HybridCacheEntryOptions PastL1 = new()
    {
        Flags = HybridCacheEntryFlags.DisableLocalCacheRead | HybridCacheEntryFlags.DisableLocalCacheWrite,
    };

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("cache.l2", "L1 miss and L2 hit of 1 KB, 16 callers, against raw GET by Millrace.Redis of the same entries, 16 callers", MeasureAsync),
    ];

    private static async Task<FigureLine> MeasureAsync(MicroOptions options)
    {
        await using var server = await RedisServer.StartAsync();
        await using var nodes = await CacheNodes.StartAsync(server.Address, 1);
        await using var client = await RedisClient.ConnectAsync(server.Address);
        var cache = nodes.Caches[0];
        var keys = Enumerable.Range(0, Keys).Select(static i => string.Create(CultureInfo.InvariantCulture, $"product:{i}")).ToArray();
        var names = keys.Select(static key => "cache:" + key).ToArray();
        var value = new byte[ValueBytes]; // that compression makes no shorter
        new Random(1).NextBytes(value);
        foreach (var key in keys)
        {
            await cache.SetAsync(key, value, CachePolicies.Long);
        }

        var (ours, theirs) = (new List<LoadResult>(), new List<LoadResult>());
        var next = new int[Callers * 16]; // a cache line each
        for (var run = 1; run <= options.Runs; run++)
        {
            await Console.Error.WriteLineAsync($"cache.l2: run {run} of {options.Runs} ...");
            theirs.Add(await Load.RunAsync(Callers, options.Seconds, caller => client.GetAsync(Next(names, caller)), static read => read?.Length >= ValueBytes));
            var before = (cache.GetStatistics().RemoteHits, await HitsAsync(server));
            ours.Add(await Load.RunAsync(
                Callers,
                options.Seconds,
                caller => cache.GetOrCreateAsync<int, byte[]>(Next(keys, caller), 0, static (_, _) => throw new InvalidOperationException("A miss."), PastL1),
                static read => read.Length == ValueBytes));
            var (remote, asked) = (cache.GetStatistics().RemoteHits - before.RemoteHits, await HitsAsync(server) - before.Item2);
            if (asked < remote || remote < ours[^1].PerSecond * options.Seconds * 0.9)
            {
                throw new InvalidOperationException($"Of the reads {remote} were answered by the second level, which was asked {asked} times.");
            }
        }

        var (rate, floor) = (Median(ours, static run => run.PerSecond), Median(theirs, static run => run.PerSecond));
        return new FigureLine
        {
            Bench = "cache.l2",
            Value = Math.Round(rate),
            Unit = "1/s",
            Versus = "GET by Millrace.Redis",
            VersusValue = Math.Round(floor),
            Ratio = Math.Round(rate / floor, 2),
            Goal = 0.85,
            AllocatedBytes = Math.Round(Median(ours, static run => run.AllocatedBytes)),
            P50 = Math.Round(Median(ours, static run => run.P50), 3),
            P99 = Math.Round(Median(ours, static run => run.P99), 3),
            Runs = [.. ours.Select(static run => Math.Round(run.PerSecond))],
            VersusRuns = [.. theirs.Select(static run => Math.Round(run.PerSecond))],
        };

        // Callers begin at different places, and none waits for another's read.
        string Next(string[] of, int caller) => of[((caller * (Keys / Callers)) + (next[caller * 16]++ % (Keys / Callers))) % Keys];
    }

    private static async Task<long> HitsAsync(RedisServer server) =>
        long.Parse((await server.InfoAsync("stats"))["keyspace_hits"], CultureInfo.InvariantCulture);

    private static double Median(List<LoadResult> runs, Func<LoadResult, double> of) => runs.Select(of).Order().ElementAt(runs.Count / 2);
}
