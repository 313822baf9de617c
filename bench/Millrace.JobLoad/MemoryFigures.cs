using Millrace.JobLoad.Roles;

namespace Millrace.JobLoad;

/// <summary>The engine in memory beside Quartz.NET in memory.</summary>
internal static class MemoryFigures
{
    /// <summary>Of both sides. Fewer would be over before the code is compiled; more would measure the garbage collector on a heap that no such queue has.</summary>
    private const int Jobs = 400_000;

    public static IReadOnlyList<Figure> All { get; } =
    [
        new("jobs.memory.process", "1 worker, 50 at once, completed jobs removed, against Quartz's store in memory", StoreChoice.Memory, ProcessAsync),
    ];

    private static async Task<FigureLine?> ProcessAsync(JobLoadOptions options)
    {
        string[] drain = ["--jobs", Side.Text(Jobs), "--warm", Side.Text(Turns.Warm(Jobs)), "--concurrency", "50"];
        return await Turns.RatesAsync(
            new FigureLine { Bench = "jobs.memory.process", Value = 0, Unit = "1/s", Versus = "Quartz.NET 4.7.3 in memory", Goal = 4, GoalIs = Goals.AtLeast },
            options.Runs,
            () => Side.Own.RunAsync("quartz.process", drain),
            () => Side.Own.RunAsync("process", ["--store", StoreChoice.Memory, .. drain]));
    }
}
