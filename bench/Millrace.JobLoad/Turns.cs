namespace Millrace.JobLoad;

/// <summary>Runs both sides in turns, so that what else the machine does meets both, and makes the figure of their medians.</summary>
internal static class Turns
{
    /// <summary>Jobs of the first run of a side, which finds out how many it does in a time.</summary>
    private const int CalibrationJobs = 20_000;

    /// <summary>Runs the sides alternately.</summary>
    /// <param name="name">Of the figure, for the lines of progress.</param>
    /// <param name="runs">How often.</param>
    /// <param name="theirs">One run of the other side.</param>
    /// <param name="ours">One run of ours; null when our store is not there yet.</param>
    /// <param name="describe">What a result says, for the lines of progress.</param>
    public static async Task<(List<T> Theirs, List<T>? Ours)> RunAsync<T>(string name, int runs, Func<Task<T>> theirs, Func<Task<T>>? ours, Func<T, string> describe)
    {
        var (other, own) = (new List<T>(), new List<T>());
        for (var run = 1; run <= runs; run++)
        {
            other.Add(await theirs());
            await Console.Error.WriteLineAsync($"{name}: run {run} of {runs}, theirs {describe(other[^1])}");
            if (ours is not null)
            {
                own.Add(await ours());
                await Console.Error.WriteLineAsync($"{name}: run {run} of {runs}, ours   {describe(own[^1])}");
            }
        }

        return (other, ours is null ? null : own);
    }

    /// <summary>A figure of jobs per second; more is better.</summary>
    /// <param name="line">Name and goal; its values are filled in.</param>
    /// <param name="runs">How often.</param>
    /// <param name="theirs">One run of the other side.</param>
    /// <param name="ours">One run of ours; null when our store is not there yet.</param>
    public static async Task<FigureLine?> RatesAsync(FigureLine line, int runs, Func<Task<RoleReport>> theirs, Func<Task<RoleReport>>? ours)
    {
        var (other, own) = await RunAsync(line.Bench, runs, theirs, ours, static report => $"{report.PerSecond:N0} jobs/s");
        return own is null ? null : Compare(line, other, own, static report => report.PerSecond, digits: 0) with
        {
            Jobs = own[^1].Jobs,
            VersusJobs = other[^1].Jobs,
        };
    }

    /// <summary>Fills in both sides' medians of one part of what they reported.</summary>
    public static FigureLine Compare(FigureLine line, List<RoleReport> theirs, List<RoleReport> ours, Func<RoleReport, double> part, int digits)
    {
        var (own, other) = (Median(ours, part), Median(theirs, part));
        return line with
        {
            Value = Math.Round(own, digits),
            VersusValue = Math.Round(other, digits),
            Ratio = Math.Round(own / other, 3),
            Runs = [.. ours.Select(report => Math.Round(part(report), digits))],
            VersusRuns = [.. theirs.Select(report => Math.Round(part(report), digits))],
        };
    }

    /// <summary>A side's run of as many jobs as it does in about the time. Found out twice: a short run is a slow one, because compilers take part in it.</summary>
    /// <param name="seconds">The time.</param>
    /// <param name="maximum">The most jobs, whatever the time.</param>
    /// <param name="run">A run of a number of jobs.</param>
    public static async Task<Func<Task<RoleReport>>> SizedAsync(double seconds, int maximum, Func<int, Task<RoleReport>> run)
    {
        var jobs = CalibrationJobs;
        foreach (var time in (double[])[seconds / 2, seconds])
        {
            jobs = (int)Math.Clamp((await run(jobs)).PerSecond * time, CalibrationJobs, maximum);
        }

        return () => run(jobs);
    }

    /// <summary>How many jobs of a run come before the clock starts: as many as are measured, by which both sides' code is compiled for good. A worker
    /// runs for days; with a fifth of them the first seconds of two compilers would be half of the figure.</summary>
    public static int Warm(int jobs) => jobs;

    public static double Median(IEnumerable<RoleReport> reports, Func<RoleReport, double> part)
    {
        var sorted = reports.Select(part).Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
