using Microsoft.Extensions.DependencyInjection;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.WarmUp;

// One run of a warmer:
//
//   1. Search: the candidates are read, up to the limit of the plan; the most active are kept, up to its budget. Tried again when it fails.
//   2. Slice: each of a stated number of loops takes the next batch, as large as the plan says and the cache has room for. No room: the run stops.
//   3. Pace: the batch waits until the entries before it have had their time.
//   4. Load: the batch is loaded in a scope of its own, with a timeout, and tried again with growing waits when it fails. One that fails for good is
//      counted and the run goes on: what the others bring is worth having.
//   5. Sum up: what ended the run decides its outcome. It never throws.
//
// A warmer that fills the cache by itself is step 4 alone.
//
// The counters are written by the loops and read by whoever asks how far it is; each is one word.
internal sealed class WarmingRun(long id, Warmer warmer, string? userId, WarmingServices services) : IDisposable
{
    private const int MostUsers = 10_000;
    private const int LongestFailure = 500;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _cancelled = new();
    private readonly DateTimeOffset _startedAt = services.Time.GetUtcNow();
    private readonly long _started = services.Time.GetTimestamp();
    private readonly Lock _lock = new(); // guards _next with the taking of room that goes with it, and _isDisposed
    private CacheWarmingCandidate[] _chosen = [];
    private Room? _room;
    private Pace? _pace;
    private int _next;
    private int _candidates;
    private int _done;
    private int _entries;
    private int _batches;
    private int _failedBatches;
    private int _retries;
    private string? _failure;
    private string? _stopReason;
    private bool _isDisposed;
    private CacheWarmingRun? _ended;

    public long Id { get; } = id;

    private CacheWarmerPlan Plan => warmer.Plan;

    private WarmerRegistration Registration => warmer.Registration;

    /// <summary>Ends it as cancelled.</summary>
    /// <returns>False when it has ended.</returns>
    public bool Cancel()
    {
        lock (_lock)
        {
            var goesOn = !_isDisposed && Volatile.Read(ref _ended) is null;
            if (goesOn)
            {
                _ = _cancelled.CancelAsync(); // what is registered with the token does not run under the lock
            }

            return goesOn;
        }
    }

    /// <summary>The run as it stands.</summary>
    public CacheWarmingRun Snapshot() => Volatile.Read(ref _ended) ?? View(CacheWarmingOutcome.Running);

    public async Task<CacheWarmingRun> RunAsync(CancellationToken cancellationToken)
    {
        WarmingFlow.Begin();
        using var timeout = new CancellationTokenSource(Plan.RunTimeout, services.Time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cancelled.Token, timeout.Token);
        var isComplete = false;
        try
        {
            var cache = services.Caches.Get(Registration.CacheName);
            await (Registration.Fill is { } fill ? FillAsync(fill, cache, ending.Token) : LoadAllAsync(cache, ending.Token)).ConfigureAwait(false);
            isComplete = true;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // the outcome below says why
        }
        catch (Exception fault) // the framework's own: what warmers throw is handled where they are called
        {
            GiveUp(fault);
        }

        // 5. Sum up
        var isCancelled = cancellationToken.IsCancellationRequested || _cancelled.IsCancellationRequested;
        if (!isComplete && !isCancelled && timeout.IsCancellationRequested)
        {
            Volatile.Write(ref _failure, $"TimeoutException: the run took longer than {Plan.RunTimeout}.");
        }

        var outcome = !isComplete && isCancelled ? CacheWarmingOutcome.Cancelled
            : _failure is not null ? (_entries > 0 ? CacheWarmingOutcome.Partial : CacheWarmingOutcome.Failed)
            : _stopReason is not null ? CacheWarmingOutcome.Stopped
            : CacheWarmingOutcome.Succeeded;
        var run = View(outcome);
        Volatile.Write(ref _ended, run);
        Log.WarmingEnded(services.Logger, run.Name, run.CacheName, outcome, run.Duration.TotalMilliseconds, run.Entries, run.FailedBatches, run.Batches, run.Retries);
        return run;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _cancelled.Dispose();
        }
    }

    private async Task FillAsync(Func<IServiceProvider, Cache, CancellationToken, ValueTask<int>> fill, Cache cache, CancellationToken cancellationToken)
    {
        _batches = 1;
        var (succeeded, filled) = await TryAsync(
            token => InScopeAsync(context => fill(context.Services, cache, token), cache, userId: null), Plan.RunTimeout, cancellationToken).ConfigureAwait(false);
        _failedBatches = succeeded ? 0 : 1;
        Interlocked.Add(ref _entries, Math.Max(0, filled));
    }

    private async Task LoadAllAsync(Cache cache, CancellationToken cancellationToken)
    {
        // 1. Search
        _room = new Room(cache, Plan.EvictionShare);
        _pace = new Pace(Plan.EntriesPerSecond, services.Time);
        var (found, chosen) = await TryAsync(token => SearchAsync(cache, token), Plan.RunTimeout, cancellationToken).ConfigureAwait(false);
        if (!found)
        {
            return;
        }

        Volatile.Write(ref _chosen, chosen!);
        var loops = Math.Min(Plan.MaximumConcurrency, ((chosen!.Length - 1) / Plan.BatchSize) + 1);
        await Task.WhenAll(Enumerable.Range(0, loops).Select(_ => LoadBatchesAsync(cache, cancellationToken))).ConfigureAwait(false);
    }

    private async ValueTask<CacheWarmingCandidate[]?> SearchAsync(Cache cache, CancellationToken cancellationToken)
    {
        var selection = new CandidateSelection(Plan.EntryBudget, Plan.ByteBudget ?? cache.GetStatistics().SizeLimitBytes, _room!.AverageWeight);
        if (!Registration.IsPerUser || userId is not null)
        {
            await SearchAsync(selection, cache, userId, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var scope = services.Scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                var users = 0;
                await foreach (var user in Plan.Users!(scope.ServiceProvider, cancellationToken).WithCancellation(cancellationToken).ConfigureAwait(false))
                {
                    if (++users > MostUsers || !await SearchAsync(selection, cache, user, cancellationToken).ConfigureAwait(false))
                    {
                        break;
                    }
                }
            }
        }

        return selection.Choose();
    }

    /// <summary>Adds the candidates of one user, or of all; false when the limit is reached.</summary>
    private async ValueTask<bool> SearchAsync(CandidateSelection selection, Cache cache, string? user, CancellationToken cancellationToken)
    {
        var scope = services.Scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            var context = new CacheWarmingContext(scope.ServiceProvider, cache, user);
            await foreach (var candidate in Registration.Find!(context, cancellationToken).WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (selection.Seen >= Plan.CandidateLimit)
                {
                    Log.CandidatesCut(services.Logger, Registration.Name, Registration.CacheName, Plan.CandidateLimit);
                    return false;
                }

                selection.Add(candidate with { UserId = user });
                Volatile.Write(ref _candidates, selection.Seen);
            }
        }

        return true;
    }

    private async Task LoadBatchesAsync(Cache cache, CancellationToken cancellationToken)
    {
        // 2. Slice
        while (!cancellationToken.IsCancellationRequested && NextBatch() is { Count: > 0 } batch)
        {
            try
            {
                // 3. Pace
                await _pace!.WaitAsync(batch.Count, cancellationToken).ConfigureAwait(false);

                // 4. Load
                var (succeeded, filled) = await TryAsync(
                    token => InScopeAsync(context => Registration.Load!(context, batch, token), cache, userId: null), Plan.BatchTimeout, cancellationToken).ConfigureAwait(false);
                Interlocked.Add(ref _failedBatches, succeeded ? 0 : 1);
                Interlocked.Add(ref _entries, Math.Clamp(filled, 0, batch.Count));
                Interlocked.Add(ref _done, batch.Count);
            }
            finally
            {
                _room!.Give(batch);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private ArraySegment<CacheWarmingCandidate> NextBatch()
    {
        lock (_lock)
        {
            var wanted = Math.Min(Plan.BatchSize, _chosen.Length - _next);
            if (wanted == 0 || _stopReason is not null)
            {
                return ArraySegment<CacheWarmingCandidate>.Empty;
            }

            var taken = _room!.Take(_chosen.AsSpan(_next, wanted));
            if (taken == 0)
            {
                Volatile.Write(ref _stopReason, _room.Explain());
                Log.WarmingStopped(services.Logger, Registration.Name, Registration.CacheName, _chosen.Length - _next, _stopReason!);
                return ArraySegment<CacheWarmingCandidate>.Empty;
            }

            var batch = new ArraySegment<CacheWarmingCandidate>(_chosen, _next, taken);
            _next += taken;
            _batches++;
            return batch;
        }
    }

    private async ValueTask<T> InScopeAsync<T>(Func<CacheWarmingContext, ValueTask<T>> work, Cache cache, string? userId)
    {
        var scope = services.Scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            return await work(new CacheWarmingContext(scope.ServiceProvider, cache, userId)).ConfigureAwait(false);
        }
    }

    /// <summary>Does work up to the stated number of times; a failure is counted and logged, only the end of the run is thrown.</summary>
    private async ValueTask<(bool Succeeded, T? Value)> TryAsync<T>(Func<CancellationToken, ValueTask<T>> work, TimeSpan limit, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var timeout = new CancellationTokenSource(limit, services.Time);
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
                return (true, await WaitAsync(work(ending.Token).AsTask(), ending.Token).ConfigureAwait(false));
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                if (attempt >= Plan.Attempts)
                {
                    GiveUp(fault is OperationCanceledException ? new TimeoutException($"An attempt took longer than {limit}.", fault) : fault);
                    return (false, default);
                }

                Interlocked.Increment(ref _retries);
                Log.WarmingAttemptFailed(services.Logger, fault, Registration.Name, Registration.CacheName, attempt, Plan.Attempts);
            }

            await Task.Delay(WaitAfter(attempt), services.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Waits for work; when its token is cancelled, a little longer, so that work which heeds it has let go of everything when the run ends. Work that
    /// does not is left behind, and what becomes of it is logged.
    /// </summary>
    private async Task<T> WaitAsync<T>(Task<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!work.IsCompleted)
        {
            using var enough = new CancellationTokenSource(Grace, services.Time);
            await ((Task)work).WaitAsync(enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!work.IsCompleted)
            {
                _ = ObserveAsync(work, services.Logger, Registration.Name, Registration.CacheName);
                throw;
            }
        }

        return await work.ConfigureAwait(false);
    }

    private static async Task ObserveAsync(Task work, Microsoft.Extensions.Logging.ILogger logger, string warmer, string cache)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // it heeded its token, a little later
        }
        catch (Exception fault) // nobody waits for it any more
        {
            Log.WarmingEndedLate(logger, fault, warmer, cache);
        }
    }

    private TimeSpan WaitAfter(int attempt)
    {
        var wait = Plan.RetryDelay * Math.Pow(2, attempt - 1);
        wait = wait < Plan.MaximumRetryDelay ? wait : Plan.MaximumRetryDelay;
        return wait == TimeSpan.Zero ? wait : services.Chance.Shorten(wait, 0.5);
    }

    private void GiveUp(Exception fault)
    {
        Interlocked.Add(ref _entries, fault is BatchPartlyFilledException partly ? partly.Filled : 0);
        Log.WarmerFailed(services.Logger, fault, Registration.Name, Registration.CacheName);
        var line = $"{fault.GetType().Name}: {fault.Message}".ReplaceLineEndings(" ");
        Volatile.Write(ref _failure, line.Length <= LongestFailure ? line : line[..LongestFailure]);
    }

    private CacheWarmingRun View(CacheWarmingOutcome outcome) =>
        new(Registration.Name, Registration.CacheName, _startedAt, services.Time.GetElapsedTime(_started), Volatile.Read(ref _entries), Volatile.Read(ref _failure))
        {
            Id = Id,
            Outcome = outcome,
            UserId = userId,
            Candidates = Volatile.Read(ref _candidates),
            Total = Volatile.Read(ref _chosen).Length,
            Done = Volatile.Read(ref _done),
            Batches = Volatile.Read(ref _batches),
            FailedBatches = Volatile.Read(ref _failedBatches),
            Retries = Volatile.Read(ref _retries),
            StopReason = Volatile.Read(ref _stopReason),
        };
}
