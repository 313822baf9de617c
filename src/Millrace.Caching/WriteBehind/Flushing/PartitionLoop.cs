using Millrace.Caching.Statistics;

namespace Millrace.Caching.WriteBehind.Flushing;

// One partition's loop on one node. A pass:
//
//   1. Claim: become or stay the owner, and read what is due. Another is the owner: look again when its lease may be over.
//   2. Take over: who has just become the owner drops the partition's pending keys from the cache, so that what an owner or writer that died left
//      there is not read any more. Readers find the pending values in the store.
//   3. Slot: wait until few enough calls of the source are under way. From here on the lease is renewed while this waits.
//   4. Deliver: writes of different keys, in groups. What was refused before goes in ever smaller groups, so that what is poison comes to stand
//      alone. Before each group the lease is looked at again: an owner that stood still delivers nothing more.
//   5. Finish: tell the store what became of each, under the fencing number. What is not told stays, and is delivered again.
//
// One claim has one write of a key, and the next claim comes after the finish: so the writes of a key reach the source one after the other.
internal sealed class PartitionLoop(int partition, FlushContext context) : IDisposable
{
    private const int KeysPerPage = 512;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly WakeUp _wakeUp = new(context.Time);
    private long _fence; // 0: not the owner
    private volatile bool _isEarly;

    private WriteBehindOptions Options => context.Options;

    /// <summary>A write was kept that is due after a time.</summary>
    public void Expect(TimeSpan delay) => _wakeUp.Within(delay);

    /// <summary>There is no more room: flush what is there, due or not.</summary>
    public void Hurry()
    {
        _isEarly = true;
        _wakeUp.Within(TimeSpan.Zero);
    }

    /// <summary>Runs until it is asked to stop; then flushes what it owns, as long as the source takes it.</summary>
    /// <param name="stopping">Asks it to stop.</param>
    /// <param name="graceOver">Ends everything.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken graceOver)
    {
        while (!graceOver.IsCancellationRequested)
        {
            var draining = stopping.IsCancellationRequested;
            var wait = await PassOrWaitAsync(draining, graceOver).ConfigureAwait(false);
            if (wait > TimeSpan.Zero && draining)
            {
                break;
            }

            if (wait > TimeSpan.Zero)
            {
                await _wakeUp.WaitAsync(wait, stopping).ConfigureAwait(false);
            }
        }

        await ReleaseAsync().ConfigureAwait(false);
    }

    public void Dispose() => _wakeUp.Dispose();

    private async ValueTask<TimeSpan> PassOrWaitAsync(bool draining, CancellationToken graceOver)
    {
        try
        {
            return await PassAsync(draining, graceOver).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (graceOver.IsCancellationRequested)
        {
            return LongestWait;
        }
        catch (Exception error) // the top of the loop
        {
            context.StoreOutage.Begin(error);
            return LongestWait;
        }
    }

    private async ValueTask<TimeSpan> PassAsync(bool draining, CancellationToken graceOver)
    {
        // 1. Claim
        var early = draining || (_isEarly && !context.SourceOutage.IsOn); // a source that refuses is not hurried
        _isEarly = false;
        var askedAt = context.Time.GetTimestamp();
        var claim = await context.Store.ClaimAsync(partition, context.Owner, Options.Lease, Options.BatchSize, early, graceOver).ConfigureAwait(false);
        context.StoreOutage.End();
        _fence = claim.Fence;
        context.Counters.Looked(partition, claim.Counts);
        if (!claim.IsOwner)
        {
            return Clamp(claim.Next);
        }

        if (claim.Writes.Count == 0 && !claim.IsNew)
        {
            return Clamp(claim.Next);
        }

        var watch = new LeaseWatch(
            Options.Lease, askedAt, context.Time, token => context.Store.RenewAsync(partition, context.Owner, claim.Fence, Options.Lease, token));
        await using (watch.ConfigureAwait(false))
        {
            // 2. Take over
            if (claim.IsNew)
            {
                await TakeOverAsync(claim, graceOver).ConfigureAwait(false);
            }

            return claim.Writes.Count == 0 ? Clamp(claim.Next) : await FlushAsync(claim, watch, graceOver).ConfigureAwait(false);
        }
    }

    private static TimeSpan Clamp(TimeSpan? wait) =>
        wait is not { } time || time > LongestWait ? LongestWait : time < ShortestWait ? ShortestWait : time;

    private async ValueTask TakeOverAsync(ClaimResult claim, CancellationToken graceOver)
    {
        if (claim.Counts.Pending > 0)
        {
            Log.WritesTakenOver(context.Logger, context.Name, partition, claim.Counts.Pending, claim.Fence);
        }

        for (var skip = 0; skip < claim.Counts.Pending; skip += KeysPerPage)
        {
            foreach (var key in await context.Store.ListPendingAsync(partition, skip, KeysPerPage, graceOver).ConfigureAwait(false))
            {
                await context.Forget(key).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<TimeSpan> FlushAsync(ClaimResult claim, LeaseWatch watch, CancellationToken graceOver)
    {
        // 3. Slot
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(graceOver, watch.Lost);
        try
        {
            await context.Slots.WaitAsync(ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!graceOver.IsCancellationRequested)
        {
            return ShortestWait;
        }

        // 4. Deliver
        var outcomes = new List<WriteOutcome>(claim.Writes.Count);
        try
        {
            foreach (var group in Groups(claim.Writes))
            {
                if (!watch.IsHeld || !await DeliverAsync(group, outcomes, ending.Token).ConfigureAwait(false))
                {
                    break;
                }
            }
        }
        finally
        {
            context.Slots.Release();
        }

        // 5. Finish
        return await FinishAsync(claim, outcomes).ConfigureAwait(false);
    }

    private async ValueTask<TimeSpan> FinishAsync(ClaimResult claim, List<WriteOutcome> outcomes)
    {
        if (outcomes.Count == 0)
        {
            return ShortestWait;
        }

        // Not given up at the end of the grace: the store's own time-out bounds it, and what it does not learn would be delivered again.
        if (!await context.Store.FinishAsync(partition, context.Owner, claim.Fence, outcomes, CancellationToken.None).ConfigureAwait(false))
        {
            _fence = 0;
            Log.WriteLeaseLost(context.Logger, context.Name, partition, outcomes.Count, claim.Fence);
            return ShortestWait;
        }

        foreach (var outcome in outcomes.Where(static outcome => outcome.Kind == OutcomeKind.Dead))
        {
            Log.WriteDied(context.Logger, context.Name, outcome.Key, outcome.Sequence, outcome.Reason);
            await context.Forget(outcome.Key).ConfigureAwait(false); // readers go to the source again
        }

        var failed = outcomes.Count(static outcome => outcome.Kind != OutcomeKind.Done);
        context.Counters.Finished(outcomes.Count - failed, outcomes.Count(static outcome => outcome.Kind == OutcomeKind.Retry));
        if (failed > 0 || outcomes.Count < claim.Writes.Count)
        {
            return Clamp(Options.FirstRetryDelay / 2); // a source that refuses is not hurried; a drain ends here
        }

        return claim.Next is { Ticks: <= 0 } ? TimeSpan.Zero : Soonest(claim.Next);
    }

    /// <summary>Writes that were replaced while they were delivered are due after the delay.</summary>
    private TimeSpan Soonest(TimeSpan? next) => Clamp(next is { } time && time < Options.Delay ? time : Options.Delay);

    /// <summary>Writes that have failed equally often, together; the more often, the fewer.</summary>
    private IEnumerable<IReadOnlyList<PendingWrite>> Groups(IReadOnlyList<PendingWrite> writes) =>
        writes.GroupBy(static write => write.Attempts).SelectMany(group => group.Chunk(SizeOf(group.Key)));

    private int SizeOf(int attempts) =>
        attempts + 1 >= Options.MaximumAttempts || attempts > 4 ? 1 : Math.Max(1, Options.BatchSize >> (2 * attempts));

    /// <summary>Brings one group to the source.</summary>
    /// <returns>False: given up; the group has no outcome and stays as it is.</returns>
    private async ValueTask<bool> DeliverAsync(IReadOnlyList<PendingWrite> group, List<WriteOutcome> outcomes, CancellationToken ending)
    {
        using var limit = new CancellationTokenSource(Options.HandlerTimeout, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ending);
        string reason;
        try
        {
            context.Counters.Called();
            await context.Deliver(group, either.Token).ConfigureAwait(false);
            context.SourceOutage.End();
            outcomes.AddRange(group.Select(write => new WriteOutcome(OutcomeKind.Done, write.Key, write.Sequence, Options.Delay, "")));
            return true;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return false;
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested)
        {
            reason = $"The source did not answer within {Options.HandlerTimeout}.";
            context.SourceOutage.Begin(late);
        }
        catch (Exception refusal) // the handler's
        {
            reason = Describe(refusal);
            context.SourceOutage.Begin(refusal);
        }

        foreach (var write in group)
        {
            var failures = write.Attempts + 1;
            var kind = failures >= Options.MaximumAttempts ? OutcomeKind.Dead : OutcomeKind.Retry;
            outcomes.Add(new WriteOutcome(kind, write.Key, write.Sequence, context.Backoff.After(failures), kind == OutcomeKind.Dead ? reason : ""));
        }

        return true;
    }

    private static string Describe(Exception refusal)
    {
        var text = $"{refusal.GetType().Name}: {refusal.Message}".ReplaceLineEndings(" ");
        return text.Length <= WriteBehindStore.MaximumReasonLength ? text : text[..WriteBehindStore.MaximumReasonLength];
    }

    private async ValueTask ReleaseAsync()
    {
        if (_fence == 0)
        {
            return;
        }

        try
        {
            await context.Store.ReleaseAsync(partition, context.Owner, _fence, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            context.StoreOutage.Begin(error); // the lease ends by itself
        }
    }
}
