using System.Text.Json;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Payloads;
using Millrace.Jobs.Working;

namespace Millrace.Jobs.Testing;

/// <summary>Does what a worker does, for one job at a time and when it is told to:
/// 1. claim;
/// 2. run the attempt;
/// 3. store its end, and tell of it.</summary>
/// <param name="store">Where the jobs are.</param>
/// <param name="executor">Runs attempts of jobs of that store.</param>
/// <param name="running">Where a client finds the attempt to cancel it; null for jobs that no client knows.</param>
/// <param name="notifications">Tells the observers.</param>
/// <param name="metrics">Counts.</param>
/// <param name="lease">The worker's lease: nothing sweeps in a test, so it only has to be one.</param>
/// <param name="json">For results.</param>
/// <param name="coding">For results too.</param>
/// <param name="clock">Measures.</param>
internal sealed class TestRunner(
    JobStore store,
    JobExecutor executor,
    RunningJobs? running,
    JobNotifications notifications,
    JobMetrics metrics,
    TimeSpan lease,
    JsonSerializerOptions json,
    PayloadCoding coding,
    TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _claiming = new(1, 1);
    private readonly string _id = $"test:{Guid.NewGuid():N}";

    /// <summary>Runs the first job of these queues that is due, in the order in which a worker of one place would claim it.</summary>
    /// <returns>Null when nothing is due.</returns>
    public async Task<JobTestRun?> RunNextAsync(IReadOnlyList<string> queues, CancellationToken cancellationToken)
    {
        var claimed = await ClaimAsync([.. queues.Select(static queue => new QueueCapacity(queue, 1))], 1).ConfigureAwait(false);
        return claimed.Count == 0 ? null : await RunAsync(claimed[0], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs this job and no other.</summary>
    /// <returns>Null when it is not due, or its queue is paused.</returns>
    public async Task<JobTestRun?> RunAsync(string id, string queue, CancellationToken cancellationToken)
    {
        var job = await ClaimAsync(id, queue).ConfigureAwait(false);
        return job is null ? null : await RunAsync(job, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Spends attempts of a job that is due, each failing at once.</summary>
    public async Task SpendAsync(string id, string queue, int attempts)
    {
        for (var spent = 0; spent < attempts; spent++)
        {
            var job = await ClaimAsync(id, queue).ConfigureAwait(false);
            using var execution = new Execution(job!);
            await store.FinishAsync([new JobFinish { Run = execution.Run, Kind = FinishKind.Retry, Error = "An earlier attempt, failed by the test." }], CancellationToken.None).ConfigureAwait(false);
        }
    }

    public void Dispose() => _claiming.Dispose();

    private async Task<JobTestRun> RunAsync(ClaimedJob job, CancellationToken cancellationToken)
    {
        // 1. It is claimed: it is this runner's own.
        using var execution = new Execution(job);
        running?.Settle([], [execution], []);
        JobFinish finish;
        try
        {
            // 2. Run the attempt.
            metrics.Started(job);
            notifications.Publish(notifications.Describe(job, JobState.Running));
            var began = clock.GetTimestamp();
            await using var cancelling = cancellationToken.UnsafeRegister(static state => ((Execution)state!).Stop(StopReason.Cancelled), execution).ConfigureAwait(false);
            finish = await executor.RunAsync(execution).ConfigureAwait(false);
            metrics.Ended(job, clock.GetElapsedTime(began));
            execution.TryEnd();

            // 3. Store its end.
            using var hold = notifications.Hold([job.Id]);
            var answer = (await store.FinishAsync([finish], CancellationToken.None).ConfigureAwait(false))[0];
            metrics.Finished(job, answer, finish.Kind);
            if (answer is { Status: not FinishStatus.Stale, State: { } state })
            {
                hold.Publish(notifications.Describe(job, state, finish.Error));
            }
        }
        finally
        {
            running?.Settle([], [], [execution]);
        }

        return new JobTestRun
        {
            Id = job.Id,
            Type = job.Type,
            Queue = job.Queue,
            Attempt = job.Attempt,
            Outcome = finish.Kind,
            Delay = finish.Delay,
            Error = execution.Error,
            Job = Readable(await store.GetAsync(job.Id, CancellationToken.None).ConfigureAwait(false)),
            Json = json,
        };
    }

    /// <summary>With the result as it was before it was encoded for the store.</summary>
    private JobRecord? Readable(JobRecord? job) => job is { Result: { } result } ? job with { Result = coding.DecodeResult(result) } : job;

    /// <summary>A store gives jobs in its own order only: takes what is due in the queue until the wanted one is among it, and gives the rest back.</summary>
    private async Task<ClaimedJob?> ClaimAsync(string id, string queue)
    {
        await _claiming.WaitAsync().ConfigureAwait(false);
        var others = new List<JobFinish>();
        try
        {
            while (true)
            {
                var claimed = await ClaimUnguardedAsync([new QueueCapacity(queue, JobLimits.MaximumBatch)], JobLimits.MaximumBatch).ConfigureAwait(false);
                ClaimedJob? found = null;
                foreach (var job in claimed)
                {
                    using var execution = new Execution(job);
                    if (job.Id == id)
                    {
                        found = job;
                    }
                    else
                    {
                        others.Add(new JobFinish { Run = execution.Run, Kind = FinishKind.Released });
                    }
                }

                if (found is not null || claimed.Count == 0)
                {
                    return found;
                }
            }
        }
        finally
        {
            foreach (var batch in others.Chunk(JobLimits.MaximumBatch))
            {
                await store.FinishAsync(batch, CancellationToken.None).ConfigureAwait(false);
            }

            _claiming.Release();
        }
    }

    private async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(IReadOnlyList<QueueCapacity> queues, int maximum)
    {
        await _claiming.WaitAsync().ConfigureAwait(false);
        try
        {
            return await ClaimUnguardedAsync(queues, maximum).ConfigureAwait(false);
        }
        finally
        {
            _claiming.Release();
        }
    }

    private async ValueTask<IReadOnlyList<ClaimedJob>> ClaimUnguardedAsync(IReadOnlyList<QueueCapacity> queues, int maximum) =>
        (await store.ClaimAsync(
            new ClaimRequest
            {
                Worker = new WorkerIdentity(_id, Environment.MachineName, Environment.ProcessId, [.. queues.Select(static queue => queue.Queue)]),
                Lease = lease,
                Queues = queues,
                MaximumJobs = maximum,
            },
            CancellationToken.None).ConfigureAwait(false)).Jobs;
}
