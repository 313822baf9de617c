using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Working;

/// <summary>Keeps this worker's lease: claims and heartbeats take turns (the store relies on it), and when the lease could not be renewed in time,
/// the handlers are stopped, because the store may give their jobs to another worker.</summary>
internal sealed class WorkerLease(JobStore store, WorkerIdentity identity, RunningJobs running, TimeSpan lease, TimeProvider clock, Jitter jitter, ILogger logger) : IDisposable
{
    /// <summary>Claims that may be under way at once.</summary>
    public const int Lanes = 2;

    private readonly SemaphoreSlim _turn = new(Lanes, Lanes); // a claim takes one, a heartbeat all
    private readonly StoreBackoff _backoff = new("heartbeat", clock, jitter, logger);
    private long _untilTicks = (clock.GetUtcNow() + lease).UtcTicks;
    private volatile bool _lost; // what runs was stopped for it; a renewed lease can be lost again

    private DateTimeOffset Until => new(Interlocked.Read(ref _untilTicks), TimeSpan.Zero);

    /// <summary>Claims jobs for the promised places, and hands over ends with it; the jobs count as running before the next heartbeat can miss them.
    /// Null, with nothing done, when the worker has begun to stop.</summary>
    public async ValueTask<(IReadOnlyList<Execution> Claimed, IReadOnlyList<FinishResult> Answers)?> TryClaimAsync(
        IReadOnlyList<QueueCapacity> places, IReadOnlyList<JobFinish> finishes, IReadOnlyList<Execution> ending, CancellationToken stop, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (stop.IsCancellationRequested)
            {
                return null;
            }

            var began = clock.GetUtcNow();
            var request = new ClaimRequest { Worker = identity, Lease = lease, Queues = places, Finishes = finishes };
            var answer = await store.ClaimAsync(request, cancellationToken).ConfigureAwait(false);
            Renewed(began);
            var executions = new Execution[answer.Jobs.Count];
            for (var i = 0; i < executions.Length; i++)
            {
                executions[i] = new Execution(answer.Jobs[i]);
            }

            running.Settle(places, executions, ending);
            return (executions, answer.Finished);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Completes when every claim that was under way has ended.</summary>
    public async Task WaitForClaimsAsync()
    {
        await TakeTurnAsync(CancellationToken.None).ConfigureAwait(false);
        _turn.Release(Lanes);
    }

    /// <summary>A heartbeat every third of the lease, sooner while they fail.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var delay = lease / 3;
        try
        {
            while (true)
            {
                await Task.Delay(delay, clock, cancellationToken).ConfigureAwait(false);
                delay = await BeatAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The worker has stopped; a store that fails just then must not keep the rest from being stopped.
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>One heartbeat, given up when the lease ends; tells when the next is due.</summary>
    private async Task<TimeSpan> BeatAsync(CancellationToken cancellationToken)
    {
        var next = lease / 3;
        try
        {
            using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await WaitAsync(HeartbeatAsync(giveUp.Token), giveUp, cancellationToken).ConfigureAwait(false);
            _backoff.Succeeded();
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            var retry = _backoff.Failed(error);
            next = retry < next ? retry : next;
        }

        var remaining = Until - clock.GetUtcNow();
        if (remaining > TimeSpan.Zero)
        {
            return next < remaining ? next : remaining;
        }

        if (!_lost)
        {
            _lost = true;
            Log.LeaseLost(logger, identity.Id, running.Count);
            running.StopAll(StopReason.LeaseLost);
        }

        return next;
    }

    /// <summary>Waits for a heartbeat as long as the lease lasts; a claim that the heartbeat waits for may renew it meanwhile.</summary>
    private async Task WaitAsync(Task beat, CancellationTokenSource giveUp, CancellationToken cancellationToken)
    {
        while (true)
        {
            // At least a little time even when the lease is over: the store may be back and nobody have taken the jobs.
            var left = Until - clock.GetUtcNow();
            try
            {
                await beat.WaitAsync(left > lease / 10 ? left : lease / 10, clock, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (!beat.IsCompleted)
            {
                if (Until > clock.GetUtcNow())
                {
                    continue;
                }

                await giveUp.CancelAsync().ConfigureAwait(false);
                Observe(beat);
                throw;
            }
        }
    }

    private async Task HeartbeatAsync(CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var began = clock.GetUtcNow();
            var runs = running.All.Select(static execution => execution.Run).ToList();
            var answer = await store.HeartbeatAsync(new HeartbeatRequest { Worker = identity, Lease = lease, Runs = runs }, cancellationToken).ConfigureAwait(false);
            Renewed(began);
            foreach (var run in answer.CancelRequested)
            {
                running.Stop(run.Id, StopReason.Cancelled);
            }

            Lose(answer.Lost, runs);
        }
        finally
        {
            _turn.Release(Lanes);
        }
    }

    private async Task TakeTurnAsync(CancellationToken cancellationToken)
    {
        for (var taken = 0; taken < Lanes; taken++)
        {
            try
            {
                await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch when (taken > 0)
            {
                _turn.Release(taken);
                throw;
            }
        }
    }

    /// <summary>A job that this process has claimed again since is left alone; so is one whose end was confirmed meanwhile.</summary>
    private void Lose(IReadOnlyList<JobRun> lost, List<JobRun> runs)
    {
        if (lost.Count == 0)
        {
            return;
        }

        var named = runs.ToHashSet();
        foreach (var execution in running.All)
        {
            if (named.Contains(execution.Run) && lost.Contains(execution.Run) && !execution.HasEnded)
            {
                Log.JobLost(logger, execution.Job.Id);
                execution.Stop(StopReason.LeaseLost);
            }
        }
    }

    private void Renewed(DateTimeOffset began)
    {
        Interlocked.Exchange(ref _untilTicks, (began + lease).UtcTicks);
        _lost = false;
    }

    /// <summary>A call that was given up may still fail later; that failure was reported already.</summary>
    private static void Observe(Task task) =>
        _ = task.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
