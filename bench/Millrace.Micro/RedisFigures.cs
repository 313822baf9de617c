using System.Globalization;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Micro;

/// <summary>
/// The client against Redis' own load generator on the same server in the same run, alternately; values of 1 KB. Medians.
/// </summary>
internal static class RedisFigures
{
    private const int ValueBytes = 1024;
    private const string Key = "bench:value";

    private static readonly RedisScript FiveCommands = new(
        """
        redis.call('HSET', KEYS[1], 'field', ARGV[1])
        redis.call('HGET', KEYS[1], 'field')
        redis.call('HINCRBY', KEYS[1], 'count', 1)
        redis.call('HEXISTS', KEYS[1], 'field')
        return 4 + redis.call('HDEL', KEYS[1], 'field')
        """,
        keyCount: 1);

    public static IReadOnlyList<Figure> All { get; } =
    [
        Get(callers: 256, connections: 50),
        Get(callers: 16, connections: 50),
        Get(callers: 1, connections: 1),
        new("redis.batch.100", "batches of 100 GETs, 8 callers, against redis-benchmark -c 50 -P 16", BatchesAsync),
        new("redis.alloc", "bytes allocated per GET of 1 KB into the caller's buffer (value) and as byte[] (array_bytes)", AllocationsAsync),
        new("redis.script.100", "EVALSHA of a script of 5 commands, 100 concurrent callers, against redis-benchmark -c 50 -P 16", ScriptsAsync),
    ];

    private static Figure Get(int callers, int connections)
    {
        var name = $"redis.get.{callers.ToString(CultureInfo.InvariantCulture)}";
        return new Figure(name, $"GET, {callers} concurrent callers, one client, against redis-benchmark -c {connections} -P 1", options => CompareAsync<int>(
            name, options, callers, $"redis-benchmark -c {connections} -P 1", (port, seconds) => RedisBenchmarkProgram.RunAsync(port, connections, pipeline: 1, seconds, "GET", Key),
            static client =>
            {
                var buffers = new Memory<byte>[256];
                for (var i = 0; i < buffers.Length; i++)
                {
                    buffers[i] = new byte[ValueBytes];
                }

                return caller => client.GetAsync(Key, buffers[caller]);
            },
            static length => length == ValueBytes));
    }

    private static async Task<FigureLine> CompareAsync<T>(
        string name,
        MicroOptions options,
        int callers,
        string versus,
        Func<int, double, Task<double>> floor,
        Func<RedisClient, Func<int, ValueTask<T>>> prepare,
        Func<T, bool> isRight,
        int operations = 1)
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server);
        var call = prepare(client);
        var (ours, theirs) = (new List<LoadResult>(), new List<double>());
        for (var run = 1; run <= options.Runs; run++)
        {
            await Console.Error.WriteLineAsync($"{name}: run {run} of {options.Runs} ...");
            theirs.Add(await floor(server.Port, options.Seconds));
            ours.Add(await Load.RunAsync(callers, options.Seconds, call, isRight, operations));
        }

        var value = Median([.. ours.Select(static run => run.PerSecond)]);
        var floorValue = Median([.. theirs]);
        return new FigureLine
        {
            Bench = name,
            Value = Math.Round(value),
            Unit = "1/s",
            Versus = versus,
            VersusValue = Math.Round(floorValue),
            Ratio = Math.Round(value / floorValue, 2),
            AllocatedBytes = Math.Round(Median([.. ours.Select(static run => run.AllocatedBytes)]), 1),
            P50 = Math.Round(Median([.. ours.Select(static run => run.P50)]), 3),
            P99 = Math.Round(Median([.. ours.Select(static run => run.P99)]), 3),
            Runs = [.. ours.Select(static run => Math.Round(run.PerSecond))],
            VersusRuns = [.. theirs.Select(static run => Math.Round(run))],
        };
    }

    private static Task<FigureLine> BatchesAsync(MicroOptions options) => CompareAsync<int>(
        "redis.batch.100",
        options,
        callers: 8,
        "redis-benchmark -c 50 -P 16",
        static (port, seconds) => RedisBenchmarkProgram.RunAsync(port, connections: 50, pipeline: 16, seconds, "GET", Key),
        static client =>
        {
            var callers = new BatchCaller[8];
            for (var i = 0; i < callers.Length; i++)
            {
                callers[i] = new BatchCaller(client, Key, size: 100, ValueBytes);
            }

            return caller => callers[caller].RunAsync();
        },
        static right => right == 100,
        operations: 100);

    private static Task<FigureLine> ScriptsAsync(MicroOptions options) => CompareAsync<long>(
        "redis.script.100",
        options,
        callers: 100,
        "redis-benchmark -c 50 -P 16",
        static (port, seconds) => RedisBenchmarkProgram.RunAsync(port, connections: 50, pipeline: 16, seconds, "EVALSHA", FiveCommands.Hash, "1", "bench:script", "value"),
        static client => _ => client.EvaluateAsync(FiveCommands, static (ref RespReader reader) => reader.ReadInt64(), ["bench:script"], ["value"]),
        static result => result == 5);

    private static async Task<FigureLine> AllocationsAsync(MicroOptions options)
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server);
        var buffer = new byte[ValueBytes].AsMemory();
        var (into, array) = (new List<double>(), new List<double>());
        for (var run = 1; run <= options.Runs; run++)
        {
            await Console.Error.WriteLineAsync($"redis.alloc: run {run} of {options.Runs} ...");
            into.Add((await Load.RunAsync(1, options.Seconds, _ => client.GetAsync(Key, buffer), static length => length == ValueBytes)).AllocatedBytes);
            array.Add((await Load.RunAsync(1, options.Seconds, _ => client.GetAsync(Key), static value => value?.Length == ValueBytes)).AllocatedBytes);
        }

        return new FigureLine
        {
            Bench = "redis.alloc",
            Value = Math.Round(Median(into), 1),
            Unit = "B",
            ArrayBytes = Math.Round(Median(array), 1),
            Runs = [.. into.Select(static run => Math.Round(run, 1))],
        };
    }

    private static async Task<RedisClient> ConnectAsync(RedisServer server)
    {
        var client = await RedisClient.ConnectAsync(server.Address);
        await client.SetAsync(Key, new byte[ValueBytes]);
        await client.EvaluateAsync(FiveCommands, ["bench:script"], ["value"]); // the server has it now, for the other side too
        return client;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
