using System.Diagnostics;

namespace Millrace.Micro;

/// <summary>Two ways of doing the same, in turns of a fraction of a second, so that what else the machine does meets both.</summary>
internal static class Duel
{
    private const int TurnsPerRun = 20;

    /// <summary>Runs both sides in turns.</summary>
    /// <param name="name">Of the figure, for the progress line.</param>
    /// <param name="options">How long and how often.</param>
    /// <param name="ours">Does its work until the timestamp and returns how many operations it did.</param>
    /// <param name="theirs">The same for the other side.</param>
    /// <returns>Nanoseconds per operation of each run, and what ours allocated per operation.</returns>
    public static async Task<(List<double> Ours, List<double> Theirs, double Allocated)> RunAsync(
        string name, MicroOptions options, Func<long, Task<long>> ours, Func<long, Task<long>> theirs)
    {
        var turn = (long)(Math.Min(options.Seconds, 10) * Stopwatch.Frequency / TurnsPerRun);
        for (var warm = 0; warm < 4; warm++)
        {
            await theirs(Stopwatch.GetTimestamp() + turn);
            await ours(Stopwatch.GetTimestamp() + turn);
        }

        var (own, other) = (new List<double>(), new List<double>());
        var allocated = 0.0;
        for (var run = 1; run <= options.Runs; run++)
        {
            await Console.Error.WriteLineAsync($"{name}: run {run} of {options.Runs} ...");
            var (ourTurns, theirTurns) = (new List<double>(), new List<double>());
            long ourBytes = 0, ourOperations = 0;
            for (var i = 0; i < TurnsPerRun; i++)
            {
                theirTurns.Add((await TurnAsync(theirs, turn)).Nanoseconds);
                var (nanoseconds, bytes, operations) = await TurnAsync(ours, turn);
                ourTurns.Add(nanoseconds);
                (ourBytes, ourOperations) = (ourBytes + bytes, ourOperations + operations);
            }

            own.Add(Median(ourTurns));
            other.Add(Median(theirTurns));
            allocated = (double)ourBytes / ourOperations;
        }

        return (own, other, allocated);
    }

    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<(double Nanoseconds, long Bytes, long Operations)> TurnAsync(Func<long, Task<long>> side, long turn)
    {
        var bytes = GC.GetTotalAllocatedBytes(precise: false);
        var start = Stopwatch.GetTimestamp();
        var operations = await side(start + turn);
        var elapsed = Stopwatch.GetElapsedTime(start);
        return (elapsed.TotalNanoseconds / operations, GC.GetTotalAllocatedBytes(precise: false) - bytes, operations);
    }
}
