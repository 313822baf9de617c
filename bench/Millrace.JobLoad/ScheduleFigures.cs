using Millrace.JobLoad.Roles;
using Millrace.TestKit.Redis;

namespace Millrace.JobLoad;

/// <summary>What a process costs that has many schedules of which none falls due.</summary>
internal static class ScheduleFigures
{
    private const int Schedules = 10_000;
    private const double ShortestSeconds = 30;

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("jobs.schedules.idle", "10,000 schedules, idle: share of a core, the worst of the stores", StoreChoice.Memory, RunAsync),
    ];

    private static async Task<FigureLine?> RunAsync(JobLoadOptions options)
    {
        var stores = new Dictionary<string, List<RoleReport>>(StringComparer.Ordinal);
        for (var run = 1; run <= options.Runs; run++)
        {
            foreach (var store in new[] { StoreChoice.Memory, StoreChoice.Sqlite, StoreChoice.Redis }.Where(StoreChoice.IsThere))
            {
                var report = await MeasureAsync(store, options);
                await Console.Error.WriteLineAsync($"jobs.schedules.idle: run {run} of {options.Runs}, {store}: {report.CpuPercent:F3} % of a core; started in {report.Seconds:F1} s");
                (stores.TryGetValue(store, out var reports) ? reports : stores[store] = []).Add(report);
            }
        }

        var medians = stores.ToDictionary(static pair => pair.Key, static pair => Math.Round(Turns.Median(pair.Value, static report => report.CpuPercent!.Value), 3), StringComparer.Ordinal);
        var worst = medians.MaxBy(static pair => pair.Value);
        return new FigureLine
        {
            Bench = "jobs.schedules.idle",
            Value = worst.Value,
            Unit = "% of a core",
            Goal = 1,
            GoalIs = Goals.AtMost,
            Stores = medians,
            Runs = [.. stores[worst.Key].Select(static report => Math.Round(report.CpuPercent!.Value, 3))],
        };
    }

    private static async Task<RoleReport> MeasureAsync(string store, JobLoadOptions options)
    {
        using var folder = new WorkFolder();
        await using var server = store == StoreChoice.Redis ? await RedisServer.StartAsync() : null;
        return await Side.Own.RunAsync("schedules",
        [
            "--store", store, "--at", server?.Address ?? folder.NewFile(), "--synchronous", options.Synchronous,
            "--jobs", Side.Text(Schedules), "--seconds", Side.Text(Math.Max(ShortestSeconds, options.Seconds)),
        ]);
    }
}
