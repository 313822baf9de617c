using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Millrace.Jobs.Diagnostics;
using Millrace.Jobs.Executing;
using Millrace.Jobs.Notifying;
using Millrace.Jobs.Retrying;

namespace Millrace.Jobs.Working;

/// <summary>Trades with the store: hands over the ends of attempts and takes new jobs for the places they leave, in one round trip.
/// <para>1. Wait for an end, or for work that a free place can take; while another lane is under way, for more ends.</para>
/// <para>2. Gather the ends that have come meanwhile.</para>
/// <para>3. Trade, again and again until the store has answered.</para>
/// <para>4. Start what was claimed and tell of what ended.</para></summary>
/// <remarks>
/// <para>Several lanes do this, so that the store works while attempts begin and end. Whatever ended while all lanes were under way goes with the next
/// trade: a lone end is not delayed when no lane is under way, and many share a round trip. An end is kept until the store has answered to it.</para>
/// <para>The queue of ends needs no bound of its own: an attempt holds its place until its end is confirmed, and places are bounded.</para>
/// </remarks>
internal sealed class JobExchange(
    JobStore store,
    WorkerLease lease,
    RunningJobs running,
    JobNotifications notifications,
    JobMetrics metrics,
    JobsOptions options,
    TimeProvider clock,
    Jitter jitter,
    ILogger logger,
    StartQueue<Execution> start) : IDisposable
{
    /// <summary>How long ends wait for more of them: a store that is slow to answer one lane may have answers for the other, of another queue.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5);

    /// <summary>After how long an end that a server which is away has not taken is handed over again.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _away = new(StringComparer.Ordinal); // queues, guarded by itself
    private readonly Channel<Ended> _ended = Channel.CreateUnbounded<Ended>();
    private readonly SemaphoreSlim _gathering = new(1, 1); // one lane waits and gathers at a time
    private readonly WorkWait _work = new(store, options.PollInterval, clock, jitter, logger); // under _gathering
    private readonly StoreBackoff _backoff = new("claim and finish", clock, jitter, logger);
    private readonly TradeTurns _turns = new(Math.Clamp(running.Places / WorkerLease.Lanes, 1, JobLimits.MaximumBatch));
    private readonly CancellationTokenSource _stopClaiming = new();
    private readonly CancellationTokenSource _giveUpClaims = new();

    public void Post(Execution execution, JobFinish finish)
    {
        _ended.Writer.TryWrite(new(execution, finish));
        _turns.Add();
    }

    /// <summary>Begins no claim from now on; ends are still handed over. Completes when no claim is under way any more.</summary>
    public async Task StopClaimingAsync()
    {
        await _stopClaiming.CancelAsync().ConfigureAwait(false);
        await lease.WaitForClaimsAsync().ConfigureAwait(false);
    }

    /// <summary>Gives up claims that the store does not answer: the ends that they carry are handed over without.</summary>
    public Task GiveUpClaimsAsync() => _giveUpClaims.CancelAsync();

    /// <summary>Trades until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var end = cancellationToken.Register(static state => ((CancellationTokenSource)state!).Cancel(), _giveUpClaims);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, WorkerLease.Lanes).Select(_ => TradeAsync(cancellationToken))).ConfigureAwait(false);
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

    public void Dispose()
    {
        _stopClaiming.Cancel();
        _giveUpClaims.Cancel();
        _stopClaiming.Dispose();
        _giveUpClaims.Dispose();
        _work.Dispose();
        _gathering.Dispose();
    }

    private async Task TradeAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        var batch = new List<Ended>();
        while (true)
        {
            // 1. Wait, and 2. gather.
            List<QueueCapacity> places;
            await _gathering.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await WaitAsync(cancellationToken).ConfigureAwait(false);
                batch.Clear();
                while (batch.Count < JobLimits.MaximumBatch && _ended.Reader.TryRead(out var ended))
                {
                    batch.Add(ended);
                }

                _turns.Take(batch.Count);
                places = _stopClaiming.IsCancellationRequested ? [] : running.Promise(batch.ConvertAll(static ended => ended.Execution));
            }
            finally
            {
                _gathering.Release();
            }

            if (batch.Count == 0 && places.Count == 0)
            {
                continue;
            }

            // 3. Trade.
            using var hold = notifications.Hold(batch.Select(static ended => ended.Execution.Job.Id));
            _turns.Go();
            var (claimed, answers) = await TradeAsync(batch, places, cancellationToken).ConfigureAwait(false);
            _turns.Return();

            // 4. Start and tell.
            foreach (var execution in claimed)
            {
                Start(execution);
            }

            start.Begin();
            for (var i = 0; i < answers.Count; i++)
            {
                if (answers[i].Status == FinishStatus.Unanswered)
                {
                    _ = PostAgainAsync(batch[i], cancellationToken); // ends in a moment, or with the exchange
                }
                else
                {
                    Tell(batch[i], answers[i], hold);
                }
            }
        }
    }

    /// <summary>Waits for an end, or for work in a queue that has a free place.</summary>
    private async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        while (!_ended.Reader.TryPeek(out _))
        {
            var stopping = _stopClaiming.IsCancellationRequested;
            var (queues, freed) = stopping ? ([], Task.CompletedTask) : running.GetFree();
            if (_work.Watch(queues))
            {
                return;
            }

            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping ? CancellationToken.None : _stopClaiming.Token);
            var ended = _ended.Reader.WaitToReadAsync(enough.Token).AsTask();
            await Task.WhenAny(stopping ? [ended] : [ended, freed, _work.Task]).ConfigureAwait(false);
            await enough.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await _turns.WaitAsync().WaitAsync(Patience, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Trades with the store until it answers.</summary>
    private async ValueTask<(IReadOnlyList<Execution> Claimed, IReadOnlyList<FinishResult> Answers)> TradeAsync(
        List<Ended> batch, List<QueueCapacity> places, CancellationToken cancellationToken)
    {
        var finishes = batch.ConvertAll(static ended => ended.Finish);
        var executions = batch.ConvertAll(static ended => ended.Execution);
        while (true)
        {
            try
            {
                if (places.Count > 0 && !_stopClaiming.IsCancellationRequested
                    && await lease.TryClaimAsync(places, finishes, executions, _stopClaiming.Token, _giveUpClaims.Token).ConfigureAwait(false) is { } claim)
                {
                    _backoff.Succeeded();
                    NoteOutages(places, claim.Answer.Unavailable);
                    return (claim.Claimed, claim.Answer.Finished);
                }

                var finished = finishes.Count == 0 ? [] : await store.FinishAsync(finishes, cancellationToken).ConfigureAwait(false);
                running.Settle(places, [], WorkerLease.Ended(executions, finished));
                _backoff.Succeeded();
                return ([], finished);
            }
            catch (OperationCanceledException) when (_giveUpClaims.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                // Once more, with the ends alone.
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                await _backoff.WaitAsync(error, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>An end that a server which is away has not taken.</summary>
    private async Task PostAgainAsync(Ended ended, CancellationToken cancellationToken)
    {
        await Task.Delay(AgainAfter, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Post(ended.Execution, ended.Finish);
    }

    /// <summary>Tells once that a queue's server is away, and once that it is back.</summary>
    private void NoteOutages(List<QueueCapacity> asked, IReadOnlyDictionary<string, Exception> unavailable)
    {
        lock (_away)
        {
            if (_away.Count == 0 && unavailable.Count == 0)
            {
                return;
            }

            foreach (var (queue, _) in asked)
            {
                if (unavailable.TryGetValue(queue, out var error))
                {
                    if (_away.Add(queue))
                    {
                        Log.QueueAway(logger, queue, error);
                    }
                }
                else if (_away.Remove(queue))
                {
                    Log.QueueBack(logger, queue);
                }
            }
        }
    }

    private void Start(Execution execution)
    {
        if (!_stopClaiming.IsCancellationRequested)
        {
            start.Add(execution);
            return;
        }

        // The worker has begun to stop: others take it sooner than this one would end it.
        execution.TryEnd();
        Post(execution, new JobFinish { Run = execution.Run, Kind = FinishKind.Released });
    }

    private void Tell(Ended ended, FinishResult answer, NotificationHold hold)
    {
        var (job, finish) = (ended.Execution.Job, ended.Finish);
        metrics.Finished(job, answer, finish.Kind);
        if (answer.Status == FinishStatus.Stale)
        {
            Log.FinishRefused(logger, job.Id, job.Type, job.Attempt, finish.Kind);
        }
        else if (notifications.Enabled && answer.State is { } state)
        {
            hold.Publish(notifications.Describe(job, state, finish.Error));
        }
    }

    /// <summary>An attempt and how it ended.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Ended(Execution Execution, JobFinish Finish);
}
