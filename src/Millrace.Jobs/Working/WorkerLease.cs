using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Working;

/// <summary>Keeps this worker's lease: claims and heartbeats take turns (the store relies on it), and when the lease could not be renewed in time,
/// the handlers are stopped, because the store may give their jobs to another worker.</summary>
/// <remarks>A claim renews the lease over the queues that it names, a heartbeat over all (see <see cref="JobStore"/>). How long ago that was, the
/// stopwatch tells: setting the machine's clock neither ends a lease nor lengthens it.</remarks>
internal sealed class WorkerLease(JobStore store, WorkerIdentity identity, RunningJobs running, TimeSpan lease, TimeProvider clock, Jitter jitter, ILogger logger) : IDisposable
{
    /// <summary>Claims that may be under way at once.</summary>
    public const int Lanes = 2;

    private readonly SemaphoreSlim _turn = new(Lanes, Lanes); // a claim takes one, a heartbeat all
    private readonly StoreBackoff _backoff = new("heartbeat", clock, jitter, logger);
    private readonly Lock _lock = new(); // guards the two below
    private readonly Dictionary<string, long> _renewed = identity.Queues.ToDictionary(static queue => queue, _ => clock.GetTimestamp(), StringComparer.Ordinal);
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal); // what runs was stopped for it; a renewed lease can be lost again

    /// <summary>Claims jobs for the promised places, and hands over ends with it; the jobs count as running before the next heartbeat can miss them.
    /// Null, with nothing done, when the worker has begun to stop.</summary>
    public async ValueTask<(IReadOnlyList<Execution> Claimed, ClaimResult Answer)?> TryClaimAsync(
        IReadOnlyList<QueueCapacity> places, IReadOnlyList<JobFinish> finishes, IReadOnlyList<Execution> ending, CancellationToken stop, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (stop.IsCancellationRequested)
            {
                return null;
            }

            var began = clock.GetTimestamp();
            var request = new ClaimRequest { Worker = identity, Lease = lease, Queues = places, Finishes = finishes };
            var answer = await store.ClaimAsync(request, cancellationToken).ConfigureAwait(false);
            Renewed(began, places.Select(static place => place.Queue), answer.Unavailable);
            var executions = new Execution[answer.Jobs.Count];
            for (var i = 0; i < executions.Length; i++)
            {
                executions[i] = new Execution(answer.Jobs[i]);
            }

            running.Settle(places, executions, Ended(ending, answer.Finished));
            return (executions, answer);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Those whose end the store has answered to; the others keep their places.</summary>
    public static IReadOnlyList<Execution> Ended(IReadOnlyList<Execution> ending, IReadOnlyList<FinishResult> answers) =>
        answers.Any(static answer => answer.Status == FinishStatus.Unanswered) ? [.. ending.Where((_, i) => answers[i].Status != FinishStatus.Unanswered)] : ending;

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

        var (over, left) = TakeLost();
        if (over.Count > 0)
        {
            Log.LeaseLost(logger, identity.Id, string.Join(", ", over), running.StopAll(StopReason.LeaseLost, over));
        }

        return next < left ? next : left;
    }

    /// <summary>Waits for a heartbeat as long as the lease lasts; a claim that the heartbeat waits for may renew it meanwhile.</summary>
    private async Task WaitAsync(Task beat, CancellationTokenSource giveUp, CancellationToken cancellationToken)
    {
        while (true)
        {
            // At least a little time even when the lease is over: the store may be back and nobody have taken the jobs.
            var left = Left();
            try
            {
                await beat.WaitAsync(left > lease / 10 ? left : lease / 10, clock, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (!beat.IsCompleted)
            {
                if (Left() > TimeSpan.Zero)
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
            var began = clock.GetTimestamp();
            var runs = running.All.Select(static execution => execution.Run).ToList();
            var answer = await store.HeartbeatAsync(new HeartbeatRequest { Worker = identity, Lease = lease, Runs = runs }, cancellationToken).ConfigureAwait(false);
            Renewed(began, identity.Queues, answer.Unavailable);
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

    private void Renewed(long began, IEnumerable<string> queues, IReadOnlyDictionary<string, Exception> unavailable)
    {
        lock (_lock)
        {
            foreach (var queue in queues)
            {
                if (unavailable.ContainsKey(queue))
                {
                    continue;
                }

                _renewed[queue] = Math.Max(began, _renewed[queue]);
                _lost.Remove(queue);
            }
        }
    }

    /// <summary>How long the lease lasts over the queue where it ends first; below zero when it is over.</summary>
    private TimeSpan Left()
    {
        lock (_lock)
        {
            return _renewed.Count == 0 ? lease : lease - clock.GetElapsedTime(_renewed.Values.Min());
        }
    }

    /// <summary>The queues over which the lease has ended since the last call, and how long it lasts over the others.</summary>
    private (List<string> Over, TimeSpan Left) TakeLost()
    {
        lock (_lock)
        {
            var (over, left) = (new List<string>(), lease);
            foreach (var (queue, began) in _renewed)
            {
                var rest = lease - clock.GetElapsedTime(began);
                if (rest > TimeSpan.Zero)
                {
                    left = rest < left ? rest : left;
                }
                else if (_lost.Add(queue))
                {
                    over.Add(queue);
                }
            }

            return (over, left);
        }
    }

    /// <summary>A call that was given up may still fail later; that failure was reported already.</summary>
    private static void Observe(Task task) =>
        _ = task.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
