using System.Globalization;
using Millrace.JobLoad.Roles;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.JobLoad;

/// <summary>What an enqueue and a claim cost while a million jobs wait, against an empty queue of the same store (and, among the parts, against the store while it was empty); and how long it takes to list a page of each state.</summary>
internal static class DeepFigures
{
    private const int Jobs = 1_000_000;
    private const double LongestListMilliseconds = 20;

    public static IReadOnlyList<Figure> All { get; } =
        [.. new[] { StoreChoice.Memory, StoreChoice.Sqlite, StoreChoice.Redis, StoreChoice.Postgres }.Select(static store => new Figure(
            $"jobs.{store}.deep", "1,000,000 waiting jobs: enqueue and claim against an empty queue, the worse of both; pages of each state", store, options => RunAsync(store, options)))];

    private static async Task<FigureLine?> RunAsync(string store, JobLoadOptions options)
    {
        if (!StoreChoice.IsThere(store))
        {
            return null;
        }

        var reports = new List<RoleReport>();
        for (var run = 1; run <= options.Runs; run++)
        {
            reports.Add(await MeasureAsync(store, options));
            await Console.Error.WriteLineAsync(
                $"jobs.{store}.deep: run {run} of {options.Runs}: " + string.Join(", ", reports[^1].Parts!.Select(static part => string.Create(CultureInfo.InvariantCulture, $"{part.Key} {part.Value}"))));
        }

        var parts = reports[0].Parts!.Keys.ToDictionary(static name => name, name => Turns.Median(reports, report => report.Parts![name]), StringComparer.Ordinal);
        var ratio = Math.Max(parts["enqueue_us"] / parts["enqueue_beside_us"], parts["claim_us"] / parts["claim_beside_us"]);
        if (parts.Where(static part => part.Key.StartsWith("list_", StringComparison.Ordinal)).MaxBy(static part => part.Value) is { Value: > LongestListMilliseconds } list)
        {
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"jobs.{store}.deep: {list.Key} is {list.Value}, the goal at most {LongestListMilliseconds}"));
        }

        return new FigureLine
        {
            Bench = $"jobs.{store}.deep",
            Value = Math.Round(ratio, 3),
            Unit = "times",
            Versus = "an empty queue of the same store, in turns",
            Goal = 1.5,
            GoalIs = Goals.AtMost,
            Jobs = Jobs,
            Parts = parts,
        };
    }

    private static async Task<RoleReport> MeasureAsync(string store, JobLoadOptions options)
    {
        using var folder = new WorkFolder();
        await using var redis = store == StoreChoice.Redis ? await RedisServer.StartAsync() : null;
        await using var postgres = store == StoreChoice.Postgres ? await PostgresServer.StartAsync(durable: true) : null;
        var place = redis?.Address ?? (postgres is null ? folder.NewFile() : await postgres.CreateDatabaseAsync());
        return await Side.Own.RunAsync("deep", ["--store", store, "--at", place, "--synchronous", options.Synchronous, "--jobs", Side.Text(Jobs)]);
    }
}
