using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Caching.FailSafe;
using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Naming;
using Millrace.Caching.Reading;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;
using Millrace.Caching.Values;
using Millrace.Caching.WarmUp.Prediction;
using Millrace.Caching.WriteThrough;

namespace Millrace.Caching;

/// <summary>
/// A cache in this process: bounded in bytes and entries, with one run of a factory per key at a time, and invalidation by key, by tag and of
/// everything in O(1). A read that begins after an invalidation has returned never gets a value that was read from the source before it.
/// </summary>
/// <remarks>
/// Thread-safe. A singleton in services, also as <see cref="HybridCache"/>. Values of types that nobody can change are shared between readers;
/// all others are kept serialized, so no reader sees what another does to its copy (see <see cref="CacheOptions.Immutable{T}()"/>).
/// </remarks>
public sealed partial class Cache : HybridCache, IDisposable, IAsyncDisposable
{
    /// <summary>The name of the cache that is registered without one.</summary>
    public const string DefaultName = "default";

    private readonly CacheRegistry? _registry;
    private readonly InvalidationLedger _ledger;
    private readonly FlightTable _flights;
    private readonly TimeProvider _time;
    private readonly LocalStore _local;
    private readonly KeyRules _keys;
    private readonly KeyPatterns _patterns;
    private readonly ReadPath _reads;
    private readonly SecondLevel? _remote;
    private readonly SourceCounters _sourceCounters = new();
    private readonly RefreshQueue _refreshes;
    private readonly EntryPath _entries;
    private readonly BatchPath _batches;
    private long _invalidations;
    private Action<string>[] _followers = []; // replaced, never changed; guarded by _followersLock when it is replaced
    private readonly Lock _followersLock = new();

    /// <summary>A cache of its own, outside services, with default options and the system's time.</summary>
    public Cache()
        : this(new CacheOptions())
    {
    }

    /// <summary>A cache of its own, outside services, with the system's time.</summary>
    /// <exception cref="OptionsValidationException">The options are not valid; the message says which and why.</exception>
    public Cache(CacheOptions options)
        : this(options, TimeProvider.System)
    {
    }

    /// <summary>A cache of its own, outside services.</summary>
    /// <exception cref="OptionsValidationException">The options are not valid; the message says which and why.</exception>
    public Cache(CacheOptions options, TimeProvider timeProvider)
        : this(DefaultName, options, timeProvider, services: null, registry: null, NullLogger.Instance, seed: null, secondLevel: null)
    {
    }

    internal Cache(
        string name, CacheOptions options, TimeProvider timeProvider, IServiceProvider? services, CacheRegistry? registry, ILogger logger, long? seed,
        SecondLevelFactory? secondLevel = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        if (CacheOptionsValidator.Check(nameof(CacheOptions), options) is { Count: > 0 } failures)
        {
            throw new OptionsValidationException(name, typeof(CacheOptions), failures);
        }

        (Name, _registry, _time) = (name, registry, timeProvider);
        var clock = new CacheClock(timeProvider, isLenient: secondLevel is null);
        _keys = new KeyRules(options);
        _patterns = new KeyPatterns(options.KeyPatternLimit);
        _ledger = new InvalidationLedger(name, options.InvalidatedTagLimit, logger);
        var chance = seed ?? BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        var writes = new Lock();
        _flights = new FlightTable((ulong)chance, writes);
        _local = new LocalStore(options, _ledger, _flights, _patterns, clock, (ulong)chance, writes);
        Codecs = new ValueCodecs(name, options, services, logger);
        var jitter = new Jitter(chance);
        _remote = secondLevel?.Invoke(new LocalLevel(_local, _flights, _ledger, TellFollowers), _patterns, clock);
        var parts = (_local, _flights, _ledger, _patterns);
        var sources = (Guard: new SourceGuard(name, _sourceCounters, timeProvider, logger), Outages: new SourceOutages(name, timeProvider, logger), Counters: _sourceCounters);
        var time = (clock, timeProvider);
        var source = new SourcePath(name, options, parts, _remote, Codecs, _keys, sources, time, jitter, logger);
        var order = new ReadOrder();
        _refreshes = new RefreshQueue(options.RefreshConcurrency, options.RefreshQueueLimit);
        var refreshes = new RefreshPath(parts, source, _refreshes, order, (sources.Outages, _sourceCounters), time);
        _reads = new ReadPath(options, parts, _remote, source, (refreshes, order, _sourceCounters), Codecs, _keys, time);
        _entries = new EntryPath(options, parts, _remote, source, order, _keys, clock);
        _batches = new BatchPath(options.Enabled, _reads, parts, _remote, source, (sources.Guard, sources.Outages), _entries, new Policies(options), time);
        Writes = new WritePath(this, _reads, _local, timeProvider);
    }

    internal WritePath Writes { get; }

    /// <summary>Writes and reads values of all types as this cache's options say.</summary>
    internal ValueCodecs Codecs { get; }

    /// <summary>Values that have not reached their source yet; null: there are none. Set once, before the cache is used.</summary>
    internal IPendingValues? Pending
    {
        set => _reads.Pending = value;
    }

    internal FlightTable Flights => _flights;

    /// <summary>What hears of every read; null where nobody learns from them.</summary>
    internal AccessRecorder? Reads { get; init; }

    /// <summary>The name that it is registered under; <c>default</c> where none was given.</summary>
    public string Name { get; }

    /// <summary>Whether a second level is shared and can be used now, each partition or server of it; false where there is none.</summary>
    public bool IsSharing => _remote is { IsAvailable: true, IsWhole: true };

    /// <summary>This moment in the order of the cache's invalidations; take it before a source is read whose value is stored with <see cref="SetAsync{T}(string, T, CachePolicy, CacheStamp, IEnumerable{string}?, CancellationToken)"/>.</summary>
    public CacheStamp Stamp => _remote is null ? new CacheStamp(_ledger.Sequence, remote: 0) : _remote.StampAt(_ledger.Sequence);

    /// <summary>Returns the value under a key; if there is none, runs the factory, once for all who ask meanwhile, and keeps what it returns.</summary>
    /// <param name="key">The key: 1 to <see cref="CacheOptions.MaximumKeyLength"/> characters, none of them control characters.</param>
    /// <param name="state">What the factory needs, so that it can be a static lambda.</param>
    /// <param name="factory">Reads the source. Its token is cancelled when every caller who waits for it has gone.</param>
    /// <param name="policy">How long the value is kept.</param>
    /// <param name="tags">Tags to invalidate it by. They count when the entry is made; a hit does not look at them.</param>
    /// <param name="cancellationToken">Ends this caller's wait. The factory goes on as long as others wait.</param>
    /// <exception cref="ArgumentException">The key or a tag breaks the rules.</exception>
    /// <exception cref="InvalidOperationException">
    /// The key holds a value of another type, the value cannot be serialized, or the factory waits for the key that it makes.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CachePolicy policy,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(policy);
        Reads?.Heard(key);
        return _reads.ReadAsync(key, state, factory, policy, options: null, tags, cancellationToken);
    }

    /// <inheritdoc cref="GetOrCreateAsync{TState, T}(string, TState, Func{TState, CancellationToken, ValueTask{T}}, CachePolicy, IEnumerable{string}?, CancellationToken)" />
    public ValueTask<T> GetOrCreateAsync<T>(
        string key,
        Func<CancellationToken, ValueTask<T>> factory,
        CachePolicy policy,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return GetOrCreateAsync(key, factory, static (factory, token) => factory(token), policy, tags, cancellationToken);
    }

    /// <summary>As with a string; on a hit the interpolated key is never made into one.</summary>
    /// <inheritdoc cref="GetOrCreateAsync{TState, T}(string, TState, Func{TState, CancellationToken, ValueTask{T}}, CachePolicy, IEnumerable{string}?, CancellationToken)" />
    public ValueTask<T> GetOrCreateAsync<TState, T>(
        ref DefaultInterpolatedStringHandler key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CachePolicy policy,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(policy);
        try
        {
            Reads?.Heard(key.Text);
            return _reads.ReadAsync(key.Text, state, factory, policy, options: null, tags, cancellationToken);
        }
        finally
        {
            key.Clear();
        }
    }

    /// <inheritdoc cref="GetOrCreateAsync{TState, T}(ref DefaultInterpolatedStringHandler, TState, Func{TState, CancellationToken, ValueTask{T}}, CachePolicy, IEnumerable{string}?, CancellationToken)" />
    public ValueTask<T> GetOrCreateAsync<T>(
        ref DefaultInterpolatedStringHandler key,
        Func<CancellationToken, ValueTask<T>> factory,
        CachePolicy policy,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return GetOrCreateAsync(ref key, factory, static (factory, token) => factory(token), policy, tags, cancellationToken);
    }

    /// <inheritdoc />
    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        Reads?.Heard(key);
        return _reads.ReadAsync(key, state, factory, policy: null, options, tags, cancellationToken);
    }

    /// <inheritdoc />
    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        ReadOnlySpan<char> key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        Reads?.Heard(key);
        return _reads.ReadAsync(key, state, factory, policy: null, options, tags, cancellationToken);
    }

    /// <summary>Reads what the cache has, and asks nobody else.</summary>
    /// <returns>True when there was a valid entry; its value may be null.</returns>
    /// <exception cref="ArgumentException">The key breaks the rules.</exception>
    /// <exception cref="InvalidOperationException">The key holds a value of another type.</exception>
    public bool TryGet<T>(string key, out T? value)
    {
        ArgumentNullException.ThrowIfNull(key);
        Reads?.Heard(key);
        if (_reads.Hit(key) is not { } entry)
        {
            value = default;
            return false;
        }

        value = entry is SharedEntry<T> shared ? shared.Value : ReadPath.ValueOf<T>(entry);
        return true;
    }

    /// <summary>Stores a value; a factory that is running for the key still answers its callers, but what it returns is not stored.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; null is a value.</param>
    /// <param name="policy">How long it is kept.</param>
    /// <param name="tags">Tags to invalidate it by.</param>
    /// <param name="cancellationToken">Checked once, before anything is stored.</param>
    /// <exception cref="ArgumentException">The key or a tag breaks the rules.</exception>
    /// <exception cref="InvalidOperationException">The value cannot be serialized.</exception>
    public ValueTask SetAsync<T>(
        string key, T value, CachePolicy policy, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(policy);
        cancellationToken.ThrowIfCancellationRequested();
        return _reads.SetAsync(key, value, policy, options: null, tags, new CacheStamp(_ledger.Sequence, remote: 0), cancellationToken);
    }

    /// <summary>Stores a value that was read from its source elsewhere: it counts as invalid from the start if a tag of its own, or everything, was invalidated since.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; null is a value.</param>
    /// <param name="policy">How long it is kept.</param>
    /// <param name="readBegan"><see cref="Stamp"/> as it was before the source was read.</param>
    /// <param name="tags">Tags to invalidate it by.</param>
    /// <param name="cancellationToken">Checked once, before anything is stored.</param>
    /// <inheritdoc cref="SetAsync{T}(string, T, CachePolicy, IEnumerable{string}?, CancellationToken)" path="/exception" />
    public ValueTask SetAsync<T>(
        string key, T value, CachePolicy policy, CacheStamp readBegan, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(policy);
        cancellationToken.ThrowIfCancellationRequested();
        return _reads.SetAsync(key, value, policy, options: null, tags, readBegan, cancellationToken);
    }

    /// <inheritdoc />
    public override ValueTask SetAsync<T>(
        string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        return _reads.SetAsync(key, value, policy: null, options, tags, new CacheStamp(_ledger.Sequence, remote: 0), cancellationToken);
    }

    /// <summary>
    /// Runs the rules that <see cref="CacheBuilder.InvalidateOn{TEvent}"/> declared for the event's type and its base types, each on the cache
    /// that it was declared on, whichever cache this is. An event without rules does nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">A rule failed; all others were run.</exception>
    public ValueTask InvalidateAsync<TEvent>(TEvent @event, CancellationToken cancellationToken = default)
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(@event);
        cancellationToken.ThrowIfCancellationRequested();
        return _registry?.InvalidateAsync(@event, cancellationToken) ?? ValueTask.CompletedTask;
    }

    /// <summary>
    /// Hears of every tag that is invalidated in this cache, <c>*</c> for everything, before the call that invalidates it returns; so that what is
    /// derived from cached values, such as rendered pages, can go with them.
    /// </summary>
    /// <param name="follower">Must be quick, must not wait, and must not throw: what it throws reaches whoever invalidates.</param>
    /// <returns>Ends it when disposed.</returns>
    public IDisposable OnTagInvalidated(Action<string> follower)
    {
        ArgumentNullException.ThrowIfNull(follower);
        lock (_followersLock)
        {
            _followers = [.. _followers, follower];
        }

        return new Following(this, follower);
    }

    /// <summary>What the cache has done and what it holds. Sums up counters: cheap enough for every second, too dear for every request.</summary>
    public CacheStatistics GetStatistics()
    {
        var patterns = _patterns.All.ToArray();
        var sweeps = _remote?.Sweeps ?? default;
        return new CacheStatistics
        {
            Name = Name,
            IsSharing = _remote?.IsAvailable,
            Hits = patterns.Sum(p => p.Hits),
            Misses = patterns.Sum(p => p.Misses),
            Joins = patterns.Sum(p => p.Joins),
            FactoryRuns = patterns.Sum(p => p.Runs),
            FactoryErrors = patterns.Sum(p => p.Failures),
            Stores = patterns.Sum(p => p.Stores),
            Rejections = patterns.Sum(p => p.Rejections),
            Doomed = patterns.Sum(p => p.DoomedValues),
            RemoteHits = patterns.Sum(p => p.RemoteHits),
            RemoteErrors = _patterns.Remote.Errors,
            Latencies = Latencies(patterns),
            StaleHits = patterns.Sum(p => p.StaleHits),
            LeaseWaits = patterns.Sum(p => p.LeaseWaits),
            SoftTimeouts = _sourceCounters.SoftTimeouts,
            HardTimeouts = _sourceCounters.HardTimeouts,
            OverdueFactories = _sourceCounters.Overdue,
            Refreshes = _sourceCounters.Refreshes,
            RefreshFailures = _sourceCounters.RefreshFailures,
            RefreshesSkipped = _sourceCounters.RefreshSkips,
            SweptEntries = sweeps.Removed,
            SweepReads = sweeps.Looked,
            Sweeps = sweeps.Finished,
            Evictions = patterns.Sum(p => p.Evictions),
            Expirations = patterns.Sum(p => p.Expirations),
            Invalidations = Interlocked.Read(ref _invalidations),
            Entries = _local.Count,
            EntryLimit = _local.EntryLimit,
            SizeBytes = _local.Bytes,
            SizeLimitBytes = _local.SizeLimitBytes,
            Flights = _flights.InProgress,
            Patterns =
            [
                .. patterns.Select(p => new CacheKeyPatternStatistics
                {
                    Pattern = p.Name,
                    Hits = p.Hits,
                    Misses = p.Misses,
                    RemoteHits = p.RemoteHits,
                    StaleHits = p.StaleHits,
                    FactoryRuns = p.Runs,
                    FactoryErrors = p.Failures,
                    SourceLatency = LatencyHistogram.Sum("source", "read", p.SourceReads),
                    RemoteLatency = LatencyHistogram.Sum("l2", "read", p.RemoteReads),
                    Evictions = p.Evictions,
                    Expirations = p.Expirations,
                    Entries = p.Entries,
                    SizeBytes = p.Bytes,
                }).OrderByDescending(p => p.Hits + p.Misses).ThenBy(p => p.Pattern, StringComparer.Ordinal),
            ],
        };
    }

    private IReadOnlyList<CacheLatency> Latencies(KeyPattern[] patterns)
    {
        var source = LatencyHistogram.Sum("source", "read", patterns.Select(static p => p.SourceReads));
        return _remote is null
            ? [source]
            :
            [
                LatencyHistogram.Sum("l2", "read", patterns.Select(static p => p.RemoteReads)),
                LatencyHistogram.Sum("l2", "write", _patterns.Remote.Writes),
                LatencyHistogram.Sum("l2", "invalidate", _patterns.Remote.Invalidations),
                source,
            ];
    }

    /// <summary>
    /// Drops all entries and stops reclaiming memory. Reads that come later go to their factories, and nothing is stored. The connection to the second
    /// level, if there is one, is ended in the background; <see cref="DisposeAsync"/> waits for that.
    /// </summary>
    public void Dispose()
    {
        _local.Dispose();
        _ = _refreshes.DisposeAsync().AsTask();
        _ = _remote?.DisposeAsync().AsTask();
    }

    /// <inheritdoc cref="Dispose" />
    public async ValueTask DisposeAsync()
    {
        _local.Dispose();
        await _refreshes.DisposeAsync().ConfigureAwait(false);
        if (_remote is not null)
        {
            await _remote.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends when the second level can be used, or is known not to be, or after the time that a read would wait for it.</summary>
    internal ValueTask ConnectAsync(CancellationToken cancellationToken) => _remote?.ReadyAsync(cancellationToken) ?? default;

    /// <exception cref="ArgumentException">The key breaks the rules.</exception>
    internal void CheckKey(string key) => _keys.CheckKey(key);

    private void TellFollowers(string tag)
    {
        foreach (var follower in Volatile.Read(ref _followers))
        {
            follower(tag);
        }
    }

    private sealed class Following(Cache cache, Action<string> follower) : IDisposable
    {
        public void Dispose()
        {
            lock (cache._followersLock)
            {
                cache._followers = [.. cache._followers.Where(other => other != follower)];
            }
        }
    }
}
