using Millrace.Caching.Local;
using Millrace.Caching.Reading;

namespace Millrace.Caching.WriteThrough;

// Writes that reach the source and the cache.
//
// Write-through:
//   1. Turn: writes of one key take turns in this process, so that the cache ends with the value that the source ends with.
//   2. Source: it is written first. Readers see the old value meanwhile.
//   3. Cache: the value is set, which dooms the reads that may still bring the old one. If anything else has happened to the key since step 2
//      began, nobody here knows whose value the source has: the key is removed instead, and the next read asks the source.
//   A source that refuses leaves the cache as it was. One that was given up (cancelled, timed out) may have written: the key is removed.
//
// Optimistic update:
//   1. Show: the new value stands in this process's memory at once, in place of what is remembered as "before". Other processes don't see it: it
//      is not true yet, and a crash must leave nothing behind that never will be.
//   2. Turn, 3. Source: as above.
//   4. Accepted: the value is set as any other. Refused: what was before comes back, unless the key has been changed by somebody else meanwhile.
//   Several updates of one key may be shown before the first is decided. Each stands on the one before it: when an earlier one is accepted it
//   becomes what later ones fall back to, when it is refused they stand on what was before it.
internal sealed class WritePath(Cache cache, ReadPath reads, LocalStore local, TimeProvider time)
{
    /// <summary>How long a write waits for the earlier writes of its key in this process.</summary>
    public static readonly TimeSpan TurnTimeout = TimeSpan.FromSeconds(60);

    private readonly KeyTurns _turns = new();

    public async ValueTask SetThroughAsync<T>(
        string key, T value, Func<T, CancellationToken, ValueTask> write, CachePolicy policy, IReadOnlyCollection<string>? tags, CancellationToken cancellationToken)
    {
        reads.CheckNames(key, tags);
        var turn = _turns.Join(key);
        try
        {
            // 1. Turn
            await TakeAsync(turn, cancellationToken).ConfigureAwait(false);
            try
            {
                await WriteThroughAsync(key, value, write, policy, tags, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                turn.Source.Release();
            }
        }
        finally
        {
            _turns.Leave(turn);
        }
    }

    public async ValueTask SetOptimisticallyAsync<T>(
        string key, T value, Func<T, CancellationToken, ValueTask> write, CachePolicy policy, IReadOnlyCollection<string>? tags, CancellationToken cancellationToken)
    {
        var stamp = cache.Stamp;
        var entry = reads.Make(key, value, policy, tags, stamp.Sequence);
        var turn = _turns.Join(key);
        try
        {
            // 1. Show
            await ShowAsync(turn, entry, cancellationToken).ConfigureAwait(false);
            try
            {
                // 2. Turn
                await TakeAsync(turn, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await RefuseAsync(turn, entry).ConfigureAwait(false); // the source has not been asked
                throw;
            }

            try
            {
                // 3. Source, 4. Accepted or refused
                await DecideAsync(turn, entry, value, write, () => cache.SetAsync(key, value, policy, stamp, tags, CancellationToken.None), cancellationToken)
                    .ConfigureAwait(false);
            }
            finally
            {
                turn.Source.Release();
            }
        }
        finally
        {
            _turns.Leave(turn);
        }
    }

    /// <summary>Whether the source may have written although the call failed.</summary>
    private static bool MayHaveWritten(Exception failure) => failure is OperationCanceledException or TimeoutException;

    private async ValueTask TakeAsync(KeyTurn turn, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TurnTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await turn.Source.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"Earlier writes of cache key '{turn.Key}' have kept the source for {TurnTimeout}; this one was not begun. "
                + "Give the write of the source a time-out, and do not write a key from within a write of the same key.",
                late);
        }
    }

    private async ValueTask WriteThroughAsync<T>(
        string key, T value, Func<T, CancellationToken, ValueTask> write, CachePolicy policy, IReadOnlyCollection<string>? tags, CancellationToken cancellationToken)
    {
        var stamp = cache.Stamp;
        var changes = local.ChangesOf(key);
        try
        {
            // 2. Source
            await write(value, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (MayHaveWritten(failure))
        {
            await cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        // 3. Cache
        if (local.ChangesOf(key) != changes)
        {
            await cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
            return;
        }

        await SetOrRemoveAsync(key, () => cache.SetAsync(key, value, policy, stamp, tags, CancellationToken.None)).ConfigureAwait(false);
    }

    /// <summary>The source has the value: where the cache cannot take it, it must not keep the old one either.</summary>
    private async ValueTask SetOrRemoveAsync(string key, Func<ValueTask> set)
    {
        try
        {
            await set().ConfigureAwait(false);
        }
        catch
        {
            await cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask ShowAsync(KeyTurn turn, Entry entry, CancellationToken cancellationToken)
    {
        await turn.View.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var before = local.Exchange(entry);
            if (turn.Shown is null || before != turn.Shown)
            {
                (turn.Before, turn.Restore) = (before, null);
            }

            turn.Shown = entry;
        }
        finally
        {
            turn.View.Release();
        }
    }

    private async ValueTask DecideAsync<T>(
        KeyTurn turn, Entry entry, T value, Func<T, CancellationToken, ValueTask> write, Func<ValueTask> set, CancellationToken cancellationToken)
    {
        try
        {
            await write(value, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            if (MayHaveWritten(failure))
            {
                await ForgetAsync(turn, entry).ConfigureAwait(false);
            }
            else
            {
                await RefuseAsync(turn, entry).ConfigureAwait(false);
            }

            throw;
        }

        await AcceptAsync(turn, entry, set).ConfigureAwait(false);
    }

    private async ValueTask AcceptAsync(KeyTurn turn, Entry entry, Func<ValueTask> set)
    {
        await turn.View.WaitAsync(CancellationToken.None).ConfigureAwait(false); // held for one change of the cache at a time
        try
        {
            if (turn.Shown != entry)
            {
                turn.Restore = set; // what later ones stand on
                return;
            }

            turn.Shown = null;
            if (local.Peek(turn.Key) == entry)
            {
                await SetOrRemoveAsync(turn.Key, set).ConfigureAwait(false);
            }
            else
            {
                await cache.RemoveAsync(turn.Key, CancellationToken.None).ConfigureAwait(false); // changed, or evicted: the source knows
            }
        }
        finally
        {
            turn.View.Release();
        }
    }

    private async ValueTask RefuseAsync(KeyTurn turn, Entry entry)
    {
        await turn.View.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (turn.Shown != entry)
            {
                return; // a later one stands on what this one stood on
            }

            turn.Shown = null;
            if (turn.Restore is null)
            {
                local.TryReplace(turn.Key, entry, turn.Before);
            }
            else if (local.TryReplace(turn.Key, entry, next: null))
            {
                await turn.Restore().ConfigureAwait(false);
            }
        }
        finally
        {
            turn.View.Release();
        }
    }

    /// <summary>Nobody knows what the source has.</summary>
    private async ValueTask ForgetAsync(KeyTurn turn, Entry entry)
    {
        await turn.View.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (turn.Shown != entry)
            {
                turn.Restore = () => cache.RemoveAsync(turn.Key, CancellationToken.None);
                return;
            }

            turn.Shown = null;
            if (local.TryReplace(turn.Key, entry, next: null))
            {
                await cache.RemoveAsync(turn.Key, CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            turn.View.Release();
        }
    }
}
