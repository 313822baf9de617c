using Millrace.JobLoad.Roles;
using Millrace.TestKit;
using Npgsql;

namespace Millrace.JobLoad;

/// <summary>The engine on PostgreSQL, whose commits wait for the disk. Each run of each side has a fresh database on the same server.</summary>
internal static class PostgresFigures
{
    private const int MostJobs = 500_000;

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("jobs.postgres.process", "1 worker, 50 at once, completed jobs removed, against raw statements of 100 jobs", StoreChoice.Postgres, ProcessAsync),
        new("jobs.postgres.latency", "enqueue to handler's start, 100 a second, idle worker, against BullMQ on PostgreSQL", StoreChoice.Postgres, LatencyAsync),
    ];

    private static async Task<FigureLine?> ProcessAsync(JobLoadOptions options)
    {
        await using var server = await PostgresServer.StartAsync(durable: true);
        var theirs = await Turns.SizedAsync(options.Seconds, MostJobs, async jobs => await Side.Own.RunAsync("floor.postgres.process", Drain(await server.CreateDatabaseAsync(), jobs)));
        var ours = !StoreChoice.IsThere(StoreChoice.Postgres) ? null : await Turns.SizedAsync(options.Seconds, MostJobs, async jobs =>
        {
            var database = await server.CreateDatabaseAsync();
            await Side.Own.RunAsync("fill", [.. Store(database), "--jobs", Side.Text(Turns.Warm(jobs) + jobs)]);
            return await Side.Own.RunAsync("process", Drain(database, jobs));
        });
        return await Turns.RatesAsync(
            new FigureLine { Bench = "jobs.postgres.process", Value = 0, Unit = "1/s", Versus = "Npgsql: claim 100, delete 100", Goal = 0.4, GoalIs = Goals.AtLeast }, options.Runs, theirs, ours);
    }

    private static async Task<FigureLine?> LatencyAsync(JobLoadOptions options)
    {
        await using var server = await PostgresServer.StartAsync(durable: true);
        var peer = await NodePeers.BullMqAsync();
        return await Latencies.CompareAsync(
            new FigureLine { Bench = "jobs.postgres.latency", Value = 0, Unit = "ms", Versus = "BullMQ 6.7.0 on PostgreSQL", Goal = 1, GoalIs = Goals.AtMost },
            options.Runs,
            async () => await Latencies.RunAsync(peer, Store(Uri(await server.CreateDatabaseAsync())), options.Seconds),
            StoreChoice.IsThere(StoreChoice.Postgres) ? async () => await Latencies.RunAsync(Side.Own, Store(await server.CreateDatabaseAsync()), options.Seconds) : null);
    }

    private static string[] Drain(string database, int jobs) =>
        [.. Store(database), "--jobs", Side.Text(jobs), "--warm", Side.Text(Turns.Warm(jobs)), "--concurrency", "50"];

    private static string[] Store(string database) => ["--store", StoreChoice.Postgres, "--at", database];

    /// <summary>A connection string as node's driver takes it.</summary>
    private static string Uri(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        return $"postgres://{parts.Username}@{parts.Host}:{parts.Port}/{parts.Database}";
    }
}
