using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Reading;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.WarmUp;

/// <summary>
/// Runs warmers after the start of the host and at their times, one after the other: of those that are due, the ones of high priority first. A run
/// that takes longer than its interval delays the next; what was missed meanwhile is not made up for. Checks all plans when the host starts.
/// </summary>
internal sealed class WarmingSchedule(CacheWarming warming, TimeProvider time, Jitter chance, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = time.GetUtcNow();
        var scheduled = warming.All.Where(static warmer => warmer.Plan.Enabled && warmer.RunsForAll).ToArray();
        foreach (var warmer in scheduled)
        {
            warmer.NextRunAt = warmer.Plan.OnStart ? started + warmer.Plan.StartDelay : Next(warmer, lastStart: null);
        }

        try
        {
            while (scheduled.Min(static warmer => warmer.NextRunAt) is { } next)
            {
                var wait = next - time.GetUtcNow();
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait < LongestWait ? wait : LongestWait, time, stoppingToken).ConfigureAwait(false);
                }

                if (Array.Find(scheduled, warmer => warmer.NextRunAt <= time.GetUtcNow()) is { } due)
                {
                    await RunAsync(due, stoppingToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the host stops
        }
    }

    private async Task RunAsync(Warmer warmer, CancellationToken stoppingToken)
    {
        var startedAt = time.GetUtcNow();
        try
        {
            await warming.WarmAsync(warmer.Registration.Name, stoppingToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (!stoppingToken.IsCancellationRequested) // too many wait for it: its time comes again
        {
            Log.WarmingNotBegun(logger, fault, warmer.Registration.Name);
        }

        warmer.NextRunAt = Next(warmer, startedAt);
    }

    private DateTimeOffset? Next(Warmer warmer, DateTimeOffset? lastStart)
    {
        var next = NextRun.After(warmer.Plan, time.GetUtcNow(), lastStart);
        return next is { } at && warmer.Plan.Spread > TimeSpan.Zero ? at + chance.Shorten(warmer.Plan.Spread, 1) : next;
    }
}
