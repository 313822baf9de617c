using System.Diagnostics;
using System.Globalization;
using Millrace.Caching;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Micro;

/// <summary>How long it takes until other nodes know of a change: one that a node makes, one by many, and one by hand. Loopback.</summary>
internal static class LagFigures
{
    private const int Rate = 5_000;
    private const int Tick = 10; // milliseconds between two bursts of a rate
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("cache.lag", "SetAsync on one node until a read on another has yielded the new value (us), against a GET's round trip; goal: 3 times", static o => LagAsync("cache.lag", o, WriteAsync)),
        new("cache.lag.remove", "RemoveAsync on one node until another has no copy any more (us), against a GET's round trip; goal: 3 times", static o => LagAsync("cache.lag.remove", o, RemoveAsync)),
        new("cache.lag.5k", "the same while 5,000 keys a second are invalidated: p99 (ms), goal 10 ms", static o => LagAtRateAsync(o)),
        new("cache.foreign", "SET and DEL by a foreign client until a read on each of 3 nodes yields no old copy: p99 (ms), goal 50 ms", ForeignAsync),
    ];

    private static async Task<FigureLine> LagAsync(string name, MicroOptions options, Func<Cache, Cache, long, Task<double>> measure)
    {
        await using var server = await RedisServer.StartAsync();
        await using var nodes = await CacheNodes.StartAsync(server.Address, 2);
        await using var client = await RedisClient.ConnectAsync(server.Address);
        await client.SetAsync("trip", new byte[8]);
        var (own, trips, tails) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 1; run <= options.Runs; run++)
        {
            await Console.Error.WriteLineAsync($"{name}: run {run} of {options.Runs} ...");
            var (lags, times) = (new List<double>(), new List<double>());
            var end = Stopwatch.GetTimestamp() + (long)(options.Seconds * Stopwatch.Frequency);
            for (var round = 0L; Stopwatch.GetTimestamp() < end; round++)
            {
                await PrepareAsync(nodes, "k", round);
                var began = Stopwatch.GetTimestamp();
                await client.GetAsync("trip");
                times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);

                lags.Add(await measure(nodes.Caches[0], nodes.Caches[1], round));
            }

            own.Add(Percentile(lags, 0.5));
            tails.Add(Percentile(lags, 0.99));
            trips.Add(Percentile(times, 0.5));
        }

        return new FigureLine
        {
            Bench = name,
            Value = Math.Round(Median(own), 1),
            Unit = "us, p50",
            Versus = "GET by Millrace.Redis, p50",
            VersusValue = Math.Round(Median(trips), 1),
            Ratio = Math.Round(Median(own) / Median(trips), 2),
            Goal = 3,
            P99 = Math.Round(Median(tails), 1),
            Runs = [.. own.Select(static value => Math.Round(value, 1))],
            VersusRuns = [.. trips.Select(static value => Math.Round(value, 1))],
        };
    }

    private static async Task<FigureLine> LagAtRateAsync(MicroOptions options)
    {
        await using var server = await RedisServer.StartAsync();
        await using var nodes = await CacheNodes.StartAsync(server.Address, 2);
        var (tails, medians, rates) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 1; run <= options.Runs; run++)
        {
            await Console.Error.WriteLineAsync($"cache.lag.5k: run {run} of {options.Runs} ...");
            using var stop = new CancellationTokenSource();
            var others = Task.Run(() => InvalidateAsync(nodes, stop.Token));
            var lags = new List<double>();
            var started = Stopwatch.GetTimestamp();
            var end = started + (long)(options.Seconds * Stopwatch.Frequency);
            for (var round = 0L; Stopwatch.GetTimestamp() < end; round++)
            {
                await PrepareAsync(nodes, "k", round);
                var began = Stopwatch.GetTimestamp();
                var removing = nodes.Caches[0].RemoveAsync("k");
                while (nodes.Caches[1].TryGet<long>("k", out _))
                {
                    await Task.Yield(); // the two cores are not this reader's alone
                }

                lags.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                await removing;
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }

            await stop.CancelAsync();
            rates.Add((await others + lags.Count) / Stopwatch.GetElapsedTime(started).TotalSeconds);
            medians.Add(Percentile(lags, 0.5));
            tails.Add(Percentile(lags, 0.99));
        }

        await Console.Error.WriteLineAsync($"cache.lag.5k: {string.Join(", ", rates.Select(static rate => rate.ToString("F0", CultureInfo.InvariantCulture)))} invalidations/s");
        return new FigureLine
        {
            Bench = "cache.lag.5k",
            Value = Math.Round(Median(tails), 3),
            Unit = "ms, p99",
            Versus = "invalidations per second reached",
            VersusValue = Math.Round(Median(rates)),
            Goal = 10,
            P50 = Math.Round(Median(medians), 3),
            P99 = Math.Round(Median(tails), 3),
            Runs = [.. tails.Select(static value => Math.Round(value, 3))],
            VersusRuns = [.. rates.Select(static rate => Math.Round(rate))],
        };
    }

    /// <summary>Fills keys on both nodes and removes them, at the rate.</summary>
    private static async Task<long> InvalidateAsync(CacheNodes nodes, CancellationToken stop)
    {
        const int Burst = Rate * Tick / 1000;
        var keys = Enumerable.Range(0, 20 * Burst).Select(static i => string.Create(CultureInfo.InvariantCulture, $"other:{i}")).ToArray();
        var pending = new Task[Burst];
        var started = Stopwatch.GetTimestamp();
        var count = 0L;
        while (!stop.IsCancellationRequested)
        {
            for (var i = 0; i < Burst; i++)
            {
                pending[i] = OneAsync(keys[count++ % keys.Length]);
            }

            await Task.WhenAll(pending);
            var ahead = TimeSpan.FromSeconds((double)count / Rate) - Stopwatch.GetElapsedTime(started);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead, TimeProvider.System, CancellationToken.None);
            }
        }

        return count;

        async Task OneAsync(string key)
        {
            if (count % 10 == 0)
            {
                await nodes.Caches[1].GetOrCreateAsync(key, 0, static (value, _) => ValueTask.FromResult(value), CachePolicies.Long, cancellationToken: CancellationToken.None); // a copy that is told of
            }

            await nodes.Caches[0].RemoveAsync(key, CancellationToken.None);
        }
    }

    private static async Task<FigureLine> ForeignAsync(MicroOptions options)
    {
        await using var server = await RedisServer.StartAsync();
        await using var nodes = await CacheNodes.StartAsync(server.Address, 3);
        await using var foreign = await server.ConnectAsync();
        string[][] commands = [["SET", "cache:k", "by hand"], ["DEL", "cache:k"]];
        var (tails, medians) = (new List<double>(), new List<double>());
        for (var run = 1; run <= options.Runs; run++)
        {
            await Console.Error.WriteLineAsync($"cache.foreign: run {run} of {options.Runs} ...");
            var lags = new List<double>();
            var end = Stopwatch.GetTimestamp() + (long)(options.Seconds * Stopwatch.Frequency);
            for (var round = 0L; Stopwatch.GetTimestamp() < end; round++)
            {
                await PrepareAsync(nodes, "k", round);
                await foreign.SendAsync(commands[round % commands.Length]);
                var changed = Stopwatch.GetTimestamp();
                lags.AddRange(await Task.WhenAll(nodes.Caches.Select(node => Task.Run(() => SeenAsync(node, round, changed)))));
            }

            medians.Add(Percentile(lags, 0.5));
            tails.Add(Percentile(lags, 0.99));
        }

        return new FigureLine
        {
            Bench = "cache.foreign",
            Value = Math.Round(Median(tails), 3),
            Unit = "ms, p99",
            Goal = 50,
            P50 = Math.Round(Median(medians), 3),
            P99 = Math.Round(Median(tails), 3),
            Runs = [.. tails.Select(static value => Math.Round(value, 3))],
        };
    }

    private static async Task<double> SeenAsync(Cache node, long old, long changed)
    {
        while (await node.GetOrCreateAsync("k", old + 1, static (value, _) => ValueTask.FromResult(value), CachePolicies.Long) == old)
        {
            ThrowIfLate(changed);
            await Task.Yield();
        }

        return Stopwatch.GetElapsedTime(changed).TotalMilliseconds;
    }

    /// <summary>Every node has a copy of the same value.</summary>
    private static async Task PrepareAsync(CacheNodes nodes, string key, long value)
    {
        await nodes.Caches[0].SetAsync(key, value, CachePolicies.Long);
        foreach (var node in nodes.Caches)
        {
            while (!node.TryGet<long>(key, out var copy) || copy != value)
            {
                await node.GetOrCreateAsync(key, value, static (value, _) => ValueTask.FromResult(value), CachePolicies.Long);
            }
        }
    }

    private static async Task<double> WriteAsync(Cache writer, Cache reader, long old)
    {
        var began = Stopwatch.GetTimestamp();
        var writing = writer.SetAsync("k", old + 1, CachePolicies.Long).AsTask();
        while (await reader.GetOrCreateAsync("k", old, static (_, _) => ValueTask.FromException<long>(new InvalidOperationException("A miss.")), CachePolicies.Long) == old)
        {
            ThrowIfLate(began);
        }

        var lag = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        await writing;
        return lag;
    }

    private static async Task<double> RemoveAsync(Cache remover, Cache reader, long old)
    {
        var began = Stopwatch.GetTimestamp();
        var removing = remover.RemoveAsync("k").AsTask();
        while (reader.TryGet<long>("k", out _))
        {
            ThrowIfLate(began);
        }

        var lag = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        await removing;
        return lag;
    }

    private static void ThrowIfLate(long began)
    {
        if (Stopwatch.GetElapsedTime(began) > Limit)
        {
            throw new InvalidOperationException($"A node still had the old copy after {Limit.TotalSeconds} s.");
        }
    }

    private static double Percentile(List<double> values, double share) => values.Order().ElementAt((int)(values.Count * share));

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
