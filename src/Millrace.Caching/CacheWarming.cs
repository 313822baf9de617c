using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Caching.Naming;
using Millrace.Caching.Reading;
using Millrace.Caching.WarmUp;

namespace Millrace.Caching;

/// <summary>
/// Lists the registered warmers and their runs, and runs them on demand. Thread-safe. Runs of one warmer for all never overlap: a second caller waits
/// for its turn; runs for single users go on side by side within the plan's concurrency.
/// </summary>
public sealed class CacheWarming : IDisposable, IAsyncDisposable
{
    private const int MostRunsKept = 100;
    private const int MostInBackground = 32;
    private const int LongestUserId = 256;

    private readonly WarmingServices _services;
    private readonly FrozenDictionary<string, Warmer> _warmers;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<long, WarmingRun> _running = new(); // as many as have their turn
    private readonly Lock _lock = new(); // guards _background, _ended and _isDisposed
    private readonly Dictionary<long, Task> _background = []; // at most MostInBackground
    private readonly Queue<CacheWarmingRun> _ended = new(); // at most MostRunsKept, the oldest is forgotten
    private bool _isDisposed;
    private long _lastId;

    internal CacheWarming(CacheRegistry registry, IEnumerable<WarmerRegistration> warmers, IServiceProvider services, TimeProvider time, ILogger logger, long seed)
    {
        _services = new WarmingServices(registry, services.GetRequiredService<IServiceScopeFactory>(), time, new Jitter(seed), logger);
        var configuration = services.GetService<IConfiguration>();
        var byName = new Dictionary<string, Warmer>(StringComparer.OrdinalIgnoreCase);
        foreach (var warmer in warmers)
        {
            if (!byName.TryAdd(warmer.Name, new Warmer(warmer, PlanOf(warmer, configuration))))
            {
                throw new InvalidOperationException($"Two warmers are named '{warmer.Name}'. The names of warmers are unique in a process: rename one.");
            }
        }

        _warmers = byName.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The registered warmers, by name.</summary>
    public IReadOnlyList<CacheWarmer> Warmers => [.. All.Select(static warmer => warmer.View()).OrderBy(static warmer => warmer.Name, StringComparer.OrdinalIgnoreCase)];

    /// <summary>The runs that have not ended, and the last 100 that have; the latest first.</summary>
    public IReadOnlyList<CacheWarmingRun> Runs
    {
        get
        {
            var running = _running.Values.Select(static run => run.Snapshot()).ToArray();
            lock (_lock)
            {
                return [.. running.Concat(_ended).DistinctBy(static run => run.Id).OrderByDescending(static run => run.Id)];
            }
        }
    }

    /// <summary>True when every warmer whose plan says <see cref="CacheWarmerPlan.RequiredForReadiness"/> has run once, well or badly.</summary>
    public bool IsReady => _warmers.Values.All(static warmer => !warmer.Plan.RequiredForReadiness || !warmer.Plan.Enabled || warmer.HasRun);

    /// <summary>All warmers, those of high priority first.</summary>
    internal IEnumerable<Warmer> All => _warmers.Values
        .OrderBy(static warmer => warmer.Plan.Priority).ThenBy(static warmer => warmer.Registration.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Runs one warmer and tells how it went. A warmer that fails is reported in the result and logged; it does not throw.</summary>
    /// <param name="name">The warmer's name, without regard to case.</param>
    /// <param name="cancellationToken">Ends the wait for an earlier run, and the run.</param>
    /// <exception cref="KeyNotFoundException">There is no warmer of that name.</exception>
    /// <exception cref="InvalidOperationException">The warmer is per user and its plan names no users; or 1,000 callers wait for it already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<CacheWarmingRun> WarmAsync(string name, CancellationToken cancellationToken = default) => RunAsync(ForAll(name), userId: null, cancellationToken);

    /// <summary>Runs all warmers, or those of one cache, one after the other, those of high priority first; those that run for single users only are left out.</summary>
    /// <param name="cacheName">The cache whose warmers run; null: all.</param>
    /// <param name="cancellationToken">Ends the current run; the rest does not start.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<IReadOnlyList<CacheWarmingRun>> WarmAllAsync(string? cacheName = null, CancellationToken cancellationToken = default)
    {
        var runs = new List<CacheWarmingRun>();
        foreach (var warmer in All.Where(warmer => warmer.RunsForAll && IsOf(warmer, cacheName)))
        {
            runs.Add(await RunAsync(warmer, userId: null, cancellationToken).ConfigureAwait(false));
        }

        return runs;
    }

    /// <summary>Runs all warmers that are registered per user, for one user, one after the other, those of high priority first.</summary>
    /// <param name="userId">The user: 1 to 256 characters.</param>
    /// <param name="cacheName">The cache whose warmers run; null: all.</param>
    /// <param name="cancellationToken">Ends the current run; the rest does not start.</param>
    /// <exception cref="ArgumentException">The user is empty or has too many characters.</exception>
    /// <exception cref="InvalidOperationException">1,000 callers wait for a warmer already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<IReadOnlyList<CacheWarmingRun>> WarmUserAsync(string userId, string? cacheName = null, CancellationToken cancellationToken = default)
    {
        CheckUser(userId);
        var runs = new List<CacheWarmingRun>();
        foreach (var warmer in All.Where(warmer => warmer.Registration.IsPerUser && IsOf(warmer, cacheName)))
        {
            runs.Add(await RunAsync(warmer, userId, cancellationToken).ConfigureAwait(false));
        }

        return runs;
    }

    /// <summary>Begins a run and does not wait for it: <see cref="Runs"/> shows how far it is, <see cref="Cancel"/> ends it, and so does the end of the process.</summary>
    /// <param name="name">The warmer's name, without regard to case.</param>
    /// <exception cref="KeyNotFoundException">There is no warmer of that name.</exception>
    /// <exception cref="InvalidOperationException">The warmer is per user and its plan names no users; or 32 runs go on in the background already.</exception>
    public void Start(string name)
    {
        var warmer = ForAll(name);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_background.Count == MostInBackground)
            {
                throw new InvalidOperationException($"{MostInBackground} runs go on in the background already. Wait for one of them, or cancel it.");
            }

            var place = Interlocked.Increment(ref _lastId);
            _background.Add(place, Task.Run(() => InBackgroundAsync(place, warmer))); // on another thread: it leaves the table under the lock
        }
    }

    /// <summary>Ends a run; what it has filled stays.</summary>
    /// <param name="id">Its number, from <see cref="CacheWarmingRun.Id"/>.</param>
    /// <returns>True when such a run was going on.</returns>
    public bool Cancel(long id) => _running.TryGetValue(id, out var run) && run.Cancel();

    /// <summary>Ends all runs without waiting for them; called by the service provider.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _stopping.Cancel();
        DisposeParts();
    }

    /// <summary>Ends all runs, and waits for those in the background.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] background;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            background = [.. _background.Values];
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(background).ConfigureAwait(false);
        DisposeParts();
    }

    private static bool IsOf(Warmer warmer, string? cacheName) =>
        cacheName is null || string.Equals(cacheName, warmer.Registration.CacheName, StringComparison.OrdinalIgnoreCase);

    private static void CheckUser(string userId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(userId);
        if (userId.Length > LongestUserId)
        {
            throw new ArgumentException($"A user's id has at most {LongestUserId} characters; this one has {userId.Length}.", nameof(userId));
        }
    }

    private static CacheWarmerPlan PlanOf(WarmerRegistration warmer, IConfiguration? configuration)
    {
        var section = $"Millrace:Cache:Warmers:{warmer.Name}";
        var plan = new CacheWarmerPlan { Attempts = warmer is { Fill: not null, Configure: null } ? 1 : 3 };
        warmer.Configure?.Invoke(plan);
        List<string> failures = [];
        plan.Enabled &= CacheVariables.AllowWarming(configuration, failures);
        configuration?.GetSection(section).Bind(plan);
        failures.AddRange(PlanRules.Check(section, plan, warmer.IsPerUser));
        return failures.Count > 0 ? throw new OptionsValidationException(warmer.Name, typeof(CacheWarmerPlan), failures) : plan;
    }

    private void DisposeParts()
    {
        _stopping.Dispose();
        foreach (var warmer in _warmers.Values)
        {
            warmer.Dispose();
        }
    }

    private Warmer ForAll(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_warmers.TryGetValue(name, out var warmer))
        {
            throw new KeyNotFoundException($"There is no cache warmer '{name}'. Registered: {string.Join(", ", _warmers.Keys.Order(StringComparer.Ordinal))}.");
        }

        return warmer.RunsForAll
            ? warmer
            : throw new InvalidOperationException($"The cache warmer '{warmer.Registration.Name}' is per user: call WarmUserAsync, or set Users in its plan.");
    }

    private async Task InBackgroundAsync(long place, Warmer warmer)
    {
        try
        {
            await RunAsync(warmer, userId: null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
        {
            // the process ends before its turn came
        }
        catch (InvalidOperationException fault) // too many wait
        {
            Statistics.Log.WarmingNotBegun(_services.Logger, fault, warmer.Registration.Name);
        }
        finally
        {
            lock (_lock)
            {
                _background.Remove(place);
            }
        }
    }

    private async ValueTask<CacheWarmingRun> RunAsync(Warmer warmer, string? userId, CancellationToken cancellationToken)
    {
        var turn = userId is null ? warmer.Turn : warmer.UserTurn;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        await turn.WaitAsync(ending.Token).ConfigureAwait(false);
        try
        {
            using var run = new WarmingRun(Interlocked.Increment(ref _lastId), warmer, userId, _services);
            _running[run.Id] = run;
            var ended = await run.RunAsync(ending.Token).ConfigureAwait(false);
            warmer.Ended(ended);
            Keep(ended);
            _running.TryRemove(run.Id, out _);
            if (ended.Outcome == CacheWarmingOutcome.Cancelled)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            return ended;
        }
        finally
        {
            turn.End();
        }
    }

    private void Keep(CacheWarmingRun run)
    {
        lock (_lock)
        {
            if (_ended.Count == MostRunsKept)
            {
                _ended.Dequeue();
            }

            _ended.Enqueue(run);
        }
    }
}
