using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching;
using Millrace.Redis;
using Millrace.Sqlite;
using Millrace.TestKit.Redis;

namespace Millrace.Micro;

/// <summary>Writes behind the cache at Zipf keys, beside awaiting a SQLite upsert per write.</summary>
internal static class WriteBehindFigures
{
    private const int Keys = 10_000;
    private const double Skew = 0.99;
    private const int Callers = 16;

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("cache.writebehind", "acknowledged writes/s behind the cache, kept in SQLite (synchronous FULL), beside an awaited SQLite upsert per write", static options => MeasureAsync("cache.writebehind", useRedis: false, options)),
        new("cache.writebehind.redis", "the same, kept in Redis (AOF everysec)", static options => MeasureAsync("cache.writebehind.redis", useRedis: true, options)),
    ];

    private static async Task<FigureLine> MeasureAsync(string name, bool useRedis, MicroOptions options)
    {
        var (runs, others) = (new List<double>(), new List<double>());
        var perWrite = new List<double>();
        for (var run = 0; run < options.Runs; run++)
        {
            var folder = Directory.CreateTempSubdirectory("millrace-bench-").FullName;
            try
            {
                var (rate, sourceWrites) = await BehindAsync(folder, useRedis, options.Seconds);
                runs.Add(rate);
                perWrite.Add(sourceWrites);
                others.Add(await AwaitedAsync(folder, options.Seconds));
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{name} run {run + 1}: {rate:F0} acknowledged/s, {sourceWrites:F4} source writes each; awaited {others[^1]:F0}/s"));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return new FigureLine
        {
            Bench = name,
            Value = Median(runs),
            Unit = "acknowledged writes/s",
            Versus = "SQLite upsert awaited per write, same keys and callers",
            VersusValue = Median(others),
            Ratio = Median(runs) / Median(others),
            SourceWritesPerWrite = Median(perWrite),
            Runs = runs,
            VersusRuns = others,
        };
    }

    private static async Task<(double Rate, double SourceWritesPerWrite)> BehindAsync(string folder, bool useRedis, double seconds)
    {
        await using var server = useRedis ? await RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--appendonly", "yes"] }) : null;
        await using var file = new SqliteDataSource(Path.Combine(folder, "source.db"));
        await CreateAsync(file);
        var services = new ServiceCollection();
        if (server is not null)
        {
            services.AddMillraceRedis(server.Address);
        }

        var taken = 0L;
        var cache = services.AddMillraceCache().AddWriteBehind<long>("bench", async (_, writes, cancellationToken) =>
        {
            await UpsertAsync(file, [.. writes.Select(static write => (write.Key, write.Value))], cancellationToken);
            Interlocked.Add(ref taken, writes.Count);
        });
        if (!useRedis)
        {
            cache.KeepWritesInSqlite(Path.Combine(folder, "writes.db"));
        }

        await using var provider = services.BuildServiceProvider();
        var writes = provider.GetRequiredService<WriteBehind<long>>();
        await writes.WriteAsync("warm", 0);
        var (count, elapsed) = await LoadAsync(seconds, async (key, value) => await writes.WriteAsync(key, value));
        while ((await writes.GetStatisticsAsync()).Pending > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        return (count / elapsed, (double)Interlocked.Read(ref taken) / (count + 1));
    }

    private static async Task<double> AwaitedAsync(string folder, double seconds)
    {
        await using var file = new SqliteDataSource(Path.Combine(folder, "awaited.db"));
        await CreateAsync(file);
        var (count, elapsed) = await LoadAsync(seconds, async (key, value) => await UpsertAsync(file, [(key, value)], CancellationToken.None));
        return count / elapsed;
    }

    private static async Task<(long Count, double Seconds)> LoadAsync(double seconds, Func<string, long, Task> write)
    {
        var names = Enumerable.Range(0, Keys).Select(static i => string.Create(CultureInfo.InvariantCulture, $"user:{i}:seen")).ToArray();
        var weights = Cumulative();
        var started = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            var count = 0L;
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
            {
                var at = Array.BinarySearch(weights, random.NextDouble() * weights[^1]);
                await write(names[Math.Min(Keys - 1, at < 0 ? ~at : at)], count++);
            }

            return count;
        })));
        return (counts.Sum(), Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static double[] Cumulative()
    {
        var (weights, sum) = (new double[Keys], 0.0);
        for (var i = 0; i < Keys; i++)
        {
            weights[i] = sum += 1 / Math.Pow(i + 1, Skew);
        }

        return weights;
    }

    private static async Task CreateAsync(SqliteDataSource file)
    {
        await using var connection = await file.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE seen (key TEXT PRIMARY KEY, value INTEGER NOT NULL)";
        await command.ExecuteNonQueryAsync();
    }

    private static async Task UpsertAsync(SqliteDataSource file, IReadOnlyList<(string Key, long Value)> rows, CancellationToken cancellationToken)
    {
        await using var connection = await file.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO seen (key, value) VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        var (key, value) = (command.CreateParameter(), command.CreateParameter());
        (key.ParameterName, value.ParameterName) = ("@key", "@value");
        command.Parameters.Add(key);
        command.Parameters.Add(value);
        foreach (var row in rows)
        {
            (key.Value, value.Value) = (row.Key, row.Value);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
