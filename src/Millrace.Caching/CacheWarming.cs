using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;
using Millrace.Caching.WarmUp;

namespace Millrace.Caching;

/// <summary>Lists the registered warmers and runs them on demand. Thread-safe; runs of one warmer never overlap, a second caller waits.</summary>
public sealed class CacheWarming : IDisposable
{
    private readonly CacheRegistry _registry;
    private readonly IServiceScopeFactory _scopes;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FrozenDictionary<string, (WarmerRegistration Registration, SemaphoreSlim Turn)> _warmers;
    private readonly ConcurrentDictionary<string, CacheWarmingRun> _lastRuns = new(StringComparer.OrdinalIgnoreCase); // at most one per warmer

    internal CacheWarming(CacheRegistry registry, IEnumerable<WarmerRegistration> warmers, IServiceScopeFactory scopes, TimeProvider time, ILogger logger)
    {
        (_registry, _scopes, _time, _logger) = (registry, scopes, time, logger);
        var byName = new Dictionary<string, (WarmerRegistration, SemaphoreSlim)>(StringComparer.OrdinalIgnoreCase);
        foreach (var warmer in warmers)
        {
            if (!byName.TryAdd(warmer.Name, (warmer, new SemaphoreSlim(1))))
            {
                throw new InvalidOperationException($"Two warmers are named '{warmer.Name}'. The names of warmers are unique in a process: rename one.");
            }
        }

        _warmers = byName.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The registered warmers, by name.</summary>
    public IReadOnlyList<CacheWarmer> Warmers =>
        [.. _warmers.Values
            .Select(warmer => new CacheWarmer(warmer.Registration.Name, warmer.Registration.CacheName, _lastRuns.GetValueOrDefault(warmer.Registration.Name)))
            .OrderBy(warmer => warmer.Name, StringComparer.OrdinalIgnoreCase)];

    /// <summary>Runs one warmer and tells how it went. A warmer that fails is reported in the result and logged; it does not throw.</summary>
    /// <param name="name">The warmer's name, without regard to case.</param>
    /// <param name="cancellationToken">Ends the wait for an earlier run, and the run.</param>
    /// <exception cref="KeyNotFoundException">There is no warmer of that name.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<CacheWarmingRun> WarmAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_warmers.TryGetValue(name, out var warmer))
        {
            throw new KeyNotFoundException($"There is no cache warmer '{name}'. Registered: {string.Join(", ", _warmers.Keys.Order(StringComparer.Ordinal))}.");
        }

        await warmer.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var run = await RunAsync(warmer.Registration, cancellationToken).ConfigureAwait(false);
            _lastRuns[run.Name] = run;
            return run;
        }
        finally
        {
            warmer.Turn.Release();
        }
    }

    /// <summary>Runs all warmers, or those of one cache, one after the other.</summary>
    /// <param name="cacheName">The cache whose warmers run; null: all.</param>
    /// <param name="cancellationToken">Ends the current run; the rest does not start.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<IReadOnlyList<CacheWarmingRun>> WarmAllAsync(string? cacheName = null, CancellationToken cancellationToken = default)
    {
        var runs = new List<CacheWarmingRun>();
        foreach (var warmer in Warmers)
        {
            if (cacheName is null || string.Equals(cacheName, warmer.CacheName, StringComparison.OrdinalIgnoreCase))
            {
                runs.Add(await WarmAsync(warmer.Name, cancellationToken).ConfigureAwait(false));
            }
        }

        return runs;
    }

    /// <summary>Lets go of what keeps runs apart; called by the service provider.</summary>
    public void Dispose()
    {
        foreach (var (_, turn) in _warmers.Values)
        {
            turn.Dispose();
        }
    }

    private async ValueTask<CacheWarmingRun> RunAsync(WarmerRegistration warmer, CancellationToken cancellationToken)
    {
        var startedAt = _time.GetUtcNow();
        var started = _time.GetTimestamp();
        var (entries, failure) = (0, (string?)null);
        try
        {
            var cache = _registry.Get(warmer.CacheName);
            var scope = _scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                entries = await warmer.Warm(scope.ServiceProvider, cache, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.WarmerFailed(_logger, e, warmer.Name, warmer.CacheName);
            failure = $"{e.GetType().Name}: {e.Message}".ReplaceLineEndings(" ");
        }

        return new CacheWarmingRun(warmer.Name, warmer.CacheName, startedAt, _time.GetElapsedTime(started), entries, failure);
    }
}
