using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;
using Millrace.Caching.FailSafe;
using Millrace.Caching.Flight;
using Millrace.Caching.Local;

namespace Millrace.Caching.Reading;

/// <summary>Reads that have an entry refreshed, and waits that end with an old value.</summary>
internal sealed partial class ReadPath
{
    /// <summary>The same with a factory that says more of the entry than its value.</summary>
    public ValueTask<T> ReadAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CacheEntryContext, CancellationToken, ValueTask<T>> factory,
        CachePolicy policy,
        IEnumerable<string>? tags,
        CancellationToken cancellationToken)
    {
        // 1. L1
        var now = _clock.Now;
        if (_local.Find(key, now) is not { } entry)
        {
            return ReadAsync(key, new ContextSource<TState, T>(state, factory), ContextSource<TState, T>.RunAsync, policy, options: null, tags, cancellationToken);
        }

        if (entry.IsDue(now))
        {
            // What the last run said of its tags is not what this run says: the call's own count.
            Refresh(entry, _keys.EntryTags(tags), new ContextSource<TState, T>(state, factory), ContextSource<TState, T>.RunAsync, policy, options: null);
        }

        return new ValueTask<T>(Hit<T>(entry, now));
    }

    /// <summary>Sees to it that a key is fresh, though nobody reads it.</summary>
    public void Keep<TState, T>(
        string key, EntryRenewal turn, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CachePolicy policy, IEnumerable<string> tags)
    {
        _keys.CheckKey(key);
        if (_enabled)
        {
            _refreshes.Keep(key, turn, _keys.EntryTags(tags), state, factory, _policies.Resolve(policy, call: null));
        }
    }

    private void Refresh<TState, T>(
        Entry entry, string[] tags, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CachePolicy? policy, HybridCacheEntryOptions? options)
    {
        if ((options?.Flags ?? HybridCacheEntryFlags.None) == HybridCacheEntryFlags.None)
        {
            _refreshes.Begin(entry, tags, state, factory, _policies.Resolve(policy, options));
        }
    }

    /// <summary>Waits for a flight as one of those whom it is for: for its <see cref="SingleFlight{T}.Own"/> or its <see cref="SingleFlight{T}.Landing"/>.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public async ValueTask<Landing<T>> WaitAsync<T>(SingleFlight<T> flight, Task<Landing<T>> landing, EntryTerms terms, CancellationToken cancellationToken)
    {
        SingleFlight? waiting = null;
        var leaves = true;
        try
        {
            waiting = _flights.BeginWait(flight);
            if (terms.Source is { Soft: { } soft, IsFailSafe: true } && await WaitSoftlyAsync(flight, landing, soft, cancellationToken).ConfigureAwait(false) is { } stale)
            {
                leaves = false; // stays a waiter, so that the flight goes on
                return stale;
            }

            return await landing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _flights.EndWait(waiting, flight);
            if (leaves && flight.Leave())
            {
                Abandon(flight);
            }
        }
    }

    /// <summary>Ends a flight that its last waiter has left.</summary>
    public void Abandon(SingleFlight flight)
    {
        _local.Doom(flight);
        _flights.Leave(flight);
        flight.Cancel();
    }

    /// <summary>Waits until the flight has landed, or has taken so long that the old value is to be served, if there is one: then that.</summary>
    private async ValueTask<Landing<T>?> WaitSoftlyAsync<T>(SingleFlight<T> flight, Task<Landing<T>> landing, TimeSpan soft, CancellationToken cancellationToken)
    {
        var left = soft - _clock.Span(_clock.Now - flight.StartedAt);
        if (left > TimeSpan.Zero)
        {
            // Whether it fails, whoever awaits the landing next hears.
            await ((Task)landing).WaitAsync(left, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (landing.IsCompleted || !flight.Key.ReadsLocal || _local.FindStale(flight.Key.Key, _clock.Now) is not Entry<T> stale)
        {
            return null;
        }

        _counters.TimedOutSoftly();
        return new Landing<T>(stale, default, HasOriginal: false, IsStale: true);
    }
}
