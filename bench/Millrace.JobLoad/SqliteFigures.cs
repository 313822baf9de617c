using Millrace.JobLoad.Roles;

namespace Millrace.JobLoad;

/// <summary>The engine on a SQLite file in WAL mode beside the fewest statements that do the same. Each run of each side has a fresh file.</summary>
internal static class SqliteFigures
{
    private const int MostJobs = 1_000_000;

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("jobs.sqlite.process", "1 worker, 50 at once, completed jobs removed, against raw statements of 100 jobs", StoreChoice.Sqlite, ProcessAsync),
        new("jobs.sqlite.enqueue.1", "enqueue one by one, awaited, against a raw insert", StoreChoice.Sqlite, EnqueueAsync),
    ];

    private static async Task<FigureLine?> ProcessAsync(JobLoadOptions options)
    {
        using var folder = new WorkFolder();
        var theirs = await Turns.SizedAsync(options.Seconds, MostJobs, jobs => Side.Own.RunAsync("floor.sqlite.process", Drain(folder.NewFile(), jobs, options)));
        var ours = await Turns.SizedAsync(options.Seconds, MostJobs, async jobs =>
        {
            var file = folder.NewFile();
            await Side.Own.RunAsync("fill", [.. Store(file, options), "--jobs", Side.Text(Turns.Warm(jobs) + jobs)]);
            return await Side.Own.RunAsync("process", Drain(file, jobs, options));
        });
        return await Turns.RatesAsync(Line("jobs.sqlite.process", $"SQLite: claim 100, delete 100, synchronous {options.Synchronous}"), options.Runs, theirs, ours);
    }

    private static async Task<FigureLine?> EnqueueAsync(JobLoadOptions options)
    {
        using var folder = new WorkFolder();
        var (ours, theirs) = (new List<RoleReport>(), new List<RoleReport>());
        for (var run = 1; run <= options.Runs; run++)
        {
            var report = await Side.Own.RunAsync("duel.sqlite.enqueue", [.. Store(folder.NewFile(), options), "--seconds", Side.Text(options.Seconds)]);
            ours.Add(report);
            theirs.Add(report.Other!);
            await Console.Error.WriteLineAsync($"jobs.sqlite.enqueue.1: run {run} of {options.Runs}, theirs {theirs[^1].PerSecond:N0}, ours {report.PerSecond:N0} jobs/s");
        }

        return Turns.Compare(
            Line("jobs.sqlite.enqueue.1", $"SQLite: one insert, synchronous {options.Synchronous}"), theirs, ours, static report => report.PerSecond, digits: 0) with
        {
            Jobs = ours[^1].Jobs,
            VersusJobs = theirs[^1].Jobs,
        };
    }

    private static string[] Drain(string file, int jobs, JobLoadOptions options) =>
        [.. Store(file, options), "--jobs", Side.Text(jobs), "--warm", Side.Text(Turns.Warm(jobs)), "--concurrency", "50"];

    private static string[] Store(string file, JobLoadOptions options) => ["--store", StoreChoice.Sqlite, "--at", file, "--synchronous", options.Synchronous];

    private static FigureLine Line(string name, string versus) =>
        new() { Bench = name, Value = 0, Unit = "1/s", Versus = versus, Goal = 0.3, GoalIs = Goals.AtLeast };
}
