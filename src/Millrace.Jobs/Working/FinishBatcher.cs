using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Working;

/// <summary>Stores the ends of attempts: whatever has ended while the last batch was under way goes in the next, so a lone end is not delayed
/// and many share a round trip. An end is kept until the store has answered to it.</summary>
/// <remarks>The queue needs no bound of its own: an attempt holds its place until its end is confirmed, and places are bounded.</remarks>
internal sealed class FinishBatcher(JobStore store, RunningJobs running, JobNotifications notifications, JobMetrics metrics, TimeProvider clock, Jitter jitter, ILogger logger)
{
    private readonly Channel<(Execution Execution, JobFinish Finish)> _ended =
        Channel.CreateUnbounded<(Execution, JobFinish)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly StoreBackoff _backoff = new("finish", clock, jitter, logger);

    public void Post(Execution execution, JobFinish finish) => _ended.Writer.TryWrite((execution, finish));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var batch = new List<(Execution Execution, JobFinish Finish)>();
        try
        {
            while (await _ended.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                batch.Clear();
                while (batch.Count < JobLimits.MaximumBatch && _ended.Reader.TryRead(out var ended))
                {
                    batch.Add(ended);
                }

                using var hold = notifications.Hold(batch.Select(static ended => ended.Execution.Job.Id));
                var answers = await StoreAsync([.. batch.Select(static ended => ended.Finish)], cancellationToken).ConfigureAwait(false);
                for (var i = 0; i < batch.Count; i++)
                {
                    Confirm(batch[i].Execution, batch[i].Finish, answers[i], hold);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Also when the store fails just then: the rest of the worker is still to be stopped.
            if (running.Count > 0)
            {
                Log.FinishesUnsaved(logger, running.Count);
            }
        }
    }

    private async Task<IReadOnlyList<FinishResult>> StoreAsync(JobFinish[] finishes, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var answers = await store.FinishAsync(finishes, cancellationToken).ConfigureAwait(false);
                _backoff.Succeeded();
                return answers;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                await _backoff.WaitAsync(error, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Confirm(Execution execution, JobFinish finish, FinishResult answer, NotificationHold hold)
    {
        var job = execution.Job;
        running.Remove(execution);
        metrics.Finished(job, answer, finish.Kind);
        if (answer.Status == FinishStatus.Stale)
        {
            Log.FinishRefused(logger, job.Id, job.Type, job.Attempt, finish.Kind);
        }
        else if (answer.State is { } state)
        {
            hold.Publish(notifications.Describe(job, state, finish.Error));
        }
    }
}
