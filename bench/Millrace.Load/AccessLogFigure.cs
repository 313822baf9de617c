using System.Text.Json;
using Millrace.TestKit;

namespace Millrace.Load;

/// <summary>The figure <c>replay.access-log</c>: the real log against Township, with the cache off and on, alternately.</summary>
internal sealed class AccessLogFigure(LoadOptions options)
{
    public const string Name = "replay.access-log";

    /// <returns>Whether every request was answered without a server's error.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var log = await AccessLog.ReadAsync(Path.Combine(AppContext.BaseDirectory, "access.tsv.gz"), cancellationToken);
        log = [.. log.Take(options.Requests)];
        var (off, on) = (new List<ReplayResult>(), new List<ReplayResult>());
        for (var run = 1; run <= options.Runs; run++)
        {
            off.Add(await RunOnceAsync(log, cache: false, run, cancellationToken));
            on.Add(await RunOnceAsync(log, cache: true, run, cancellationToken));
        }

        var (without, with) = (Summary(off), Summary(on));
        Print(with, without, on, off);
        return on.Concat(off).All(static result => result.Errors == 0);
    }

    private async Task<ReplayResult> RunOnceAsync(IReadOnlyList<LoggedRequest> log, bool cache, int run, CancellationToken cancellationToken)
    {
        await Console.Error.WriteLineAsync($"{Name}: run {run} of {options.Runs}, cache {(cache ? "on" : "off")} ...");
        var folder = Directory.CreateTempSubdirectory("township-load-").FullName;
        try
        {
            var settings = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Millrace:Cache:Enabled"] = cache ? "true" : "false",
                ["Millrace:Cache:Caches:output:Enabled"] = cache ? "true" : "false",
                ["Logging:LogLevel:Default"] = "Warning",
            };
            await using var township = await TownshipProcess.StartAsync(folder, settings, cancellationToken: cancellationToken);
            using var visitors = await Visitors.ArriveAsync(township.Address, cancellationToken);
            var before = await Counters.ReadAsync(visitors, cancellationToken);
            var result = await new Replay(visitors, options.SpeedUp).RunAsync(log, cancellationToken);
            var spent = (await Counters.ReadAsync(visitors, cancellationToken)).Since(before);
            return result with
            {
                HitRate = spent.HitRate,
                OutputHitRate = spent.OutputHitRate,
                QueriesPerRequest = (double)spent.Queries / result.Requests,
            };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(ReplayResult with, ReplayResult without, List<ReplayResult> on, List<ReplayResult> off)
    {
        Line("replay.access-log.off", without, null, [.. off.Select(static run => run.P50Milliseconds)]);
        Line("replay.access-log.on", with, without, [.. on.Select(static run => run.P50Milliseconds)]);
    }

    private static void Line(string bench, ReplayResult result, ReplayResult? versus, double[] runs)
    {
        var line = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["bench"] = bench,
            ["value"] = Math.Round(result.P50Milliseconds, 3),
            ["unit"] = "ms",
            ["vs"] = versus is null ? null : "the same with the cache off",
            ["vs_value"] = versus is null ? null : Math.Round(versus.P50Milliseconds, 3),
            ["ratio"] = versus is null ? null : Ratio(result.P50Milliseconds, versus.P50Milliseconds),
            ["requests"] = result.Requests,
            ["errors"] = result.Errors,
            ["client_errors"] = result.ClientErrors,
            ["seconds"] = Math.Round(result.Seconds, 1),
            ["lag_ms"] = Math.Round(result.LagMilliseconds, 1),
            ["hit_rate"] = Math.Round(result.HitRate, 4),
            ["output_hit_rate"] = Math.Round(result.OutputHitRate, 4),
            ["queries_per_request"] = Math.Round(result.QueriesPerRequest, 3),
            ["queries_ratio"] = versus is null ? null : Ratio(result.QueriesPerRequest, versus.QueriesPerRequest),
            ["p50"] = Math.Round(result.P50Milliseconds, 3),
            ["p99"] = Math.Round(result.P99Milliseconds, 3),
            ["p99_ratio"] = versus is null ? null : Ratio(result.P99Milliseconds, versus.P99Milliseconds),
            ["runs"] = runs.Select(static run => Math.Round(run, 3)),
        };
        Console.WriteLine(JsonSerializer.Serialize(line.Where(static pair => pair.Value is not null).ToDictionary(StringComparer.Ordinal)));
    }

    private static double? Ratio(double value, double versus) => versus == 0 ? null : Math.Round(value / versus, 3);

    /// <summary>The median of each figure; errors and lag are the worst of all runs, so that none hides.</summary>
    private static ReplayResult Summary(List<ReplayResult> runs) => new()
    {
        Requests = runs[0].Requests,
        Errors = runs.Max(static run => run.Errors),
        ClientErrors = runs.Max(static run => run.ClientErrors),
        LagMilliseconds = runs.Max(static run => run.LagMilliseconds),
        Seconds = Median(runs, static run => run.Seconds),
        P50Milliseconds = Median(runs, static run => run.P50Milliseconds),
        P99Milliseconds = Median(runs, static run => run.P99Milliseconds),
        HitRate = Median(runs, static run => run.HitRate),
        OutputHitRate = Median(runs, static run => run.OutputHitRate),
        QueriesPerRequest = Median(runs, static run => run.QueriesPerRequest),
    };

    private static double Median(List<ReplayResult> runs, Func<ReplayResult, double> figure) => new Percentiles(runs.Select(figure)).At(0.5);
}
