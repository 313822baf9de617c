using Millrace.JobLoad.Roles;

namespace Millrace.JobLoad;

/// <summary>The engine in memory beside Quartz.NET in memory.</summary>
internal static class MemoryFigures
{
    /// <summary>More would measure the garbage collector with a heap that no such queue has.</summary>
    private const int MostJobs = 400_000;

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("jobs.memory.process", "1 worker, 50 at once, completed jobs removed, against Quartz's store in memory", StoreChoice.Memory, ProcessAsync),
    ];

    private static async Task<FigureLine?> ProcessAsync(JobLoadOptions options)
    {
        var theirs = await Turns.SizedAsync(options.Seconds, MostJobs, static jobs => Side.Own.RunAsync("quartz.process", Drain(jobs)));
        var ours = await Turns.SizedAsync(options.Seconds, MostJobs, static jobs => Side.Own.RunAsync("process", ["--store", StoreChoice.Memory, .. Drain(jobs)]));
        return await Turns.RatesAsync(
            new FigureLine { Bench = "jobs.memory.process", Value = 0, Unit = "1/s", Versus = "Quartz.NET 4.7.3 in memory", Goal = 4, GoalIs = Goals.AtLeast }, options.Runs, theirs, ours);
    }

    private static string[] Drain(int jobs) => ["--jobs", Side.Text(jobs), "--warm", Side.Text(Turns.Warm(jobs)), "--concurrency", "50"];
}
