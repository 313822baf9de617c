using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Flight;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.FailSafe;

// Runs factories within a limit of time.
//
// A factory that ignores its token cannot be ended, only left alone. It counts as overdue until it ends, and the bounds are: one per key, because a
// key's next run waits for the overdue one within its own limit; and for each cache no further run with a limit begins while `OverdueLimit` are
// overdue. Those that were running at that moment may join them.
internal sealed class SourceGuard(string cacheName, SourceCounters counters, TimeProvider time, ILogger logger)
{
    public const int OverdueLimit = 256;

    private readonly ConcurrentDictionary<FlightKey, Task> _overdue = new();
    private int _saidFull;

    /// <summary>Runs the factory of a flight; after the limit, or when nobody waits any more, its token is cancelled and it is left alone.</summary>
    /// <inheritdoc cref="RunAsync{TState, T}(FlightKey, Action, TState, Func{TState, CancellationToken, ValueTask{T}}, TimeSpan, KeyPattern, CancellationToken)" path="/exception" />
    public ValueTask<T> RunAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, TimeSpan limit, KeyPattern pattern) =>
        RunAsync(flight.Key, flight.Cancel, state, factory, limit, pattern, flight.Token);

    /// <summary>Runs a factory; after the limit, or when nobody waits any more, its token is cancelled and it is left alone.</summary>
    /// <exception cref="TimeoutException">The limit is over.</exception>
    public async ValueTask<T> RunAsync<TState, T>(
        FlightKey key,
        Action cancel,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        TimeSpan limit,
        KeyPattern pattern,
        CancellationToken cancellationToken)
    {
        var left = await TakeTurnAsync(key, limit, pattern, cancellationToken).ConfigureAwait(false);
        var running = factory(state, cancellationToken);
        if (running.IsCompleted)
        {
            return await running.ConfigureAwait(false);
        }

        var run = running.AsTask();
        try
        {
            return await run.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (run.IsCompleted)
            {
                return await run.ConfigureAwait(false); // its own exception, or in the last moment its value
            }

            _ = WatchAsync(key, run);
            cancel();
            counters.TimedOut();
            throw Late(pattern, limit, "has not answered");
        }
        catch (OperationCanceledException) when (!run.IsCompleted)
        {
            _ = WatchAsync(key, run); // every reader has gone
            throw;
        }
    }

    private static TimeoutException Late(KeyPattern pattern, TimeSpan limit, string what) => new(
        $"The source of cache keys like '{pattern.Name}' {what} within {limit} (HardTimeout of their policy). Make it faster or raise the limit; "
        + "with FailSafe set, readers get the last good value instead.");

    /// <summary>Waits for what is left of the key's last run.</summary>
    /// <returns>The time that is left of the limit.</returns>
    private async ValueTask<TimeSpan> TakeTurnAsync(FlightKey key, TimeSpan limit, KeyPattern pattern, CancellationToken cancellationToken)
    {
        if (counters.Overdue == 0)
        {
            return limit;
        }

        var began = time.GetTimestamp();
        if (_overdue.TryGetValue(key, out var earlier))
        {
            try
            {
                await earlier.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                counters.TimedOut();
                throw Late(pattern, limit, "was not asked: an earlier run ignores its token and did not end");
            }
        }

        if (counters.Overdue >= OverdueLimit)
        {
            if (Interlocked.Exchange(ref _saidFull, 1) == 0)
            {
                Log.TooManyOverdue(logger, cacheName, OverdueLimit);
            }

            counters.TimedOut();
            throw Late(pattern, limit, $"was not asked: {OverdueLimit} factories of the cache ignore their tokens, and none ended");
        }

        Volatile.Write(ref _saidFull, 0);
        var left = limit - time.GetElapsedTime(began);
        return left > TimeSpan.Zero ? left : throw Late(pattern, limit, "was not asked: its last run took all the time");
    }

    /// <summary>Keeps the key until the run ends, whose outcome no longer matters to anybody: its readers have been told.</summary>
    private async Task WatchAsync(FlightKey key, Task run)
    {
        var watched = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        counters.OverdueBegan();
        var entered = _overdue.TryAdd(key, watched.Task);
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (entered)
        {
            _overdue.TryRemove(key, out _);
        }

        counters.OverdueEnded();
        watched.SetResult();
    }
}
