using System.Globalization;

namespace Millrace.JobLoad;

/// <summary>The time from an enqueue to the start of its handler, with an idle worker in one process and a sender at a steady pace in another.</summary>
internal static class Latencies
{
    private const int PerSecond = 100;

    /// <summary>Jobs that are sent first, at once, so that both processes are compiled and connected when it counts; then the pace begins, and of that too
    /// the first jobs, <see cref="Lead"/>, are not measured.</summary>
    private const int Warm = 20_000;

    private const int Lead = 3 * PerSecond;

    /// <summary>One run of one side.</summary>
    /// <param name="side">The side.</param>
    /// <param name="store">Which store, and where.</param>
    /// <param name="seconds">For how long jobs are sent; twice as long as other runs, because a second has only 100.</param>
    public static async Task<RoleReport> RunAsync(Side side, string[] store, double seconds)
    {
        var jobs = Side.Text(Math.Round(2 * seconds * PerSecond));
        await using var worker = side.Start("wait", [.. store, "--jobs", jobs, "--concurrency", "50"]);
        await worker.ReadyAsync();
        await side.RunAsync("send", [.. store, "--jobs", jobs, "--warm", Side.Text(Warm), "--lead", Side.Text(Lead), "--per-second", Side.Text(PerSecond)]);
        return await worker.ReportAsync();
    }

    /// <summary>Both sides, in turns.</summary>
    public static async Task<FigureLine?> CompareAsync(FigureLine line, int runs, Func<Task<RoleReport>> theirs, Func<Task<RoleReport>>? ours)
    {
        var (other, own) = await Turns.RunAsync(line.Bench, runs, theirs, ours, static report => string.Create(CultureInfo.InvariantCulture, $"p50 {report.P50:F3} ms, p99 {report.P99:F3} ms"));
        if (own is null)
        {
            return null;
        }

        line = Turns.Compare(line, other, own, static report => report.P50!.Value, digits: 3);
        var (p99, versus) = (Turns.Median(own, static report => report.P99!.Value), Turns.Median(other, static report => report.P99!.Value));
        return line with
        {
            P50 = line.Value,
            VersusP50 = line.VersusValue,
            P99 = Math.Round(p99, 3),
            VersusP99 = Math.Round(versus, 3),
            RatioP99 = Math.Round(p99 / versus, 3),
            Jobs = own[^1].Jobs,
            VersusJobs = other[^1].Jobs,
        };
    }
}
