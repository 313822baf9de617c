using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Working;

/// <summary>Takes back dead workers' jobs and removes old ones, in bounded rounds, at start and then at an interval. Any number of processes
/// may do so at once.</summary>
internal sealed class Sweeper(JobStore store, JobsOptions options, JobNotifications notifications, JobMetrics metrics, TimeProvider clock, Jitter jitter, ILogger logger)
{
    /// <summary>Most rounds in a row; then others get their turn at the store.</summary>
    private const int MaximumRounds = 100;

    private readonly SweepRequest _request = new()
    {
        Completed = options.CompletedRetention,
        Cancelled = options.CancelledRetention,
        Dead = options.DeadRetention,
    };

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new StoreBackoff("sweep", clock, jitter, logger);
        try
        {
            while (true)
            {
                try
                {
                    await SweepAsync(cancellationToken).ConfigureAwait(false);
                    backoff.Succeeded();
                    await Task.Delay(options.SweepInterval, clock, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    await backoff.WaitAsync(error, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The worker stops; a store that fails just then must not keep the rest from being stopped.
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var more = true;
        for (var round = 0; more && round < MaximumRounds; round++)
        {
            var swept = await store.SweepAsync(_request, cancellationToken).ConfigureAwait(false);
            more = swept.More;
            foreach (var job in swept.Rescued)
            {
                notifications.Publish(notifications.Describe(job, job.State));
                if (job.State != JobState.Waiting)
                {
                    metrics.Ended(job);
                }
            }

            if (swept.Rescued.Count > 0)
            {
                Log.Rescued(logger, swept.Rescued.Count, swept.Rescued.Count(static job => job.State == JobState.Dead));
            }

            if (swept.Removed > 0)
            {
                Log.Removed(logger, swept.Removed);
            }
        }
    }
}
