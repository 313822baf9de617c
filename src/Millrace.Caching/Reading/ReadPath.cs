using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;
using Millrace.Caching.FailSafe;
using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Local.Eviction;
using Millrace.Caching.Naming;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;
using Millrace.Caching.Values;

namespace Millrace.Caching.Reading;

// The one way a value is read:
//
//   1. L1: an entry that is not expired and not covered by an invalidation answers at once, without waiting or allocating.
//   2. Join: a flight that is to bring the key, and that no invalidation has covered since it began, is waited for. Else the caller starts one.
//   Before it goes on, the flight looks at L1 again, because an earlier flight may have landed between steps 1 and 2. Then SourcePath brings the value:
//   3. L2   4. Lease   5. Source   6. Store L2   7. Store L1
//
// What follows: a read that begins after an invalidation has returned never gets a value that was read from the source before it. Step 1 sees
// the stamp, or the removal. Step 2 sees that the flight is covered, or does not find it. And step 7 stores nothing that would undo that.
//
// While the second level cannot be asked, the copies here may be stale: nobody would tell. They are served as such if the policy allows it
// (CachePolicy.StaleInOutage), else they count for nothing.
//
// Hits are served by methods that are not async; only what has to wait goes on to ReadSlowAsync.
internal sealed partial class ReadPath
{
    private const int MaximumOvertakings = 3; // by invalidations of the key, before a read is content with what it has

    private readonly LocalStore _local;
    private readonly FlightTable _flights;
    private readonly InvalidationLedger _ledger;
    private readonly ValueCodecs _codecs;
    private readonly KeyRules _keys;
    private readonly KeyPatterns _patterns;
    private readonly HitCounters _hits;
    private readonly Policies _policies;
    private readonly CacheClock _clock;
    private readonly SecondLevel? _remote;
    private readonly SourcePath _source;
    private readonly bool _enabled;
    private readonly RefreshPath _refreshes;
    private readonly SourceCounters _counters;
    private readonly TimeProvider _time;
    private readonly ReadOrder _order;

    /// <summary>Asked in step 5 before the source; null: nothing is ever pending. Set once, before the first read.</summary>
    public IPendingValues? Pending
    {
        get => _source.Pending;
        set => _source.Pending = value;
    }

    public ReadPath(
        CacheOptions options,
        (LocalStore Local, FlightTable Flights, InvalidationLedger Ledger, KeyPatterns Patterns) parts,
        SecondLevel? remote,
        SourcePath source,
        (RefreshPath Path, ReadOrder Order, SourceCounters Counters) refreshes,
        ValueCodecs codecs,
        KeyRules keys,
        (CacheClock Clock, TimeProvider Provider) time)
    {
        (_refreshes, _order, _counters) = refreshes;
        (_clock, _time) = time;
        (_local, _flights, _ledger, _patterns) = parts;
        (_remote, _source, _codecs, _keys, _hits) = (remote, source, codecs, keys, parts.Patterns.Hits);
        _policies = new Policies(options);
        _enabled = options.Enabled;
    }

    /// <summary>Step 1 alone: the entry that answers, counted as a hit; null: none does, which is counted too. Its value is <see cref="ValueOf"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry? Hit(string key)
    {
        var now = _clock.Now;
        if (_local.Find(key, now) is { } entry)
        {
            Count(entry, now);
            return entry;
        }

        Missed(key);
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ValueTask<T> ReadAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CachePolicy? policy,
        HybridCacheEntryOptions? options,
        IEnumerable<string>? tags,
        CancellationToken cancellationToken)
    {
        // 1. L1
        var hash = _local.HashOf(key);
        if (!Has(options, HybridCacheEntryFlags.DisableLocalCacheRead))
        {
            var now = _clock.Now;
            if (_local.Find(key, hash, now) is { } entry)
            {
                Count(entry, now);
                if (entry.IsScheduled && entry.IsDue(now))
                {
                    Refresh(entry, entry.Tags, state, factory, policy, options);
                }

                // Not one method further down: each that is generic looks up its types anew.
                return new ValueTask<T>(entry is SharedEntry<T> shared ? shared.Value : ValueOf<T>(entry));
            }
        }

        return ReadOnAsync(key, hash, state, factory, policy, options, tags, cancellationToken);
    }

    /// <summary>What step 1 did not answer: a copy that may be stale, where that is allowed, else the further steps.</summary>
    private ValueTask<T> ReadOnAsync<TState, T>(
        string key,
        int hash,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CachePolicy? policy,
        HybridCacheEntryOptions? options,
        IEnumerable<string>? tags,
        CancellationToken cancellationToken) =>
        _remote is null && options is null ? ReadLocalAsync(key, hash, state, factory, policy, tags, cancellationToken)
            : _remote is not null && _remote.IsAwayFor(key) && FindStale(key, policy, options) is { } stale ? new ValueTask<T>(StaleHit<T>(stale))
            : ReadSlowAsync(key, state, factory, policy, options, tags, cancellationToken);

    /// <summary>The same for a key that is not a string yet, and becomes one only if step 1 does not answer.</summary>
    public ValueTask<T> ReadAsync<TState, T>(
        ReadOnlySpan<char> key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CachePolicy? policy,
        HybridCacheEntryOptions? options,
        IEnumerable<string>? tags,
        CancellationToken cancellationToken)
    {
        // 1. L1
        if (!Has(options, HybridCacheEntryFlags.DisableLocalCacheRead))
        {
            var now = _clock.Now;
            if (_local.Find(key, now) is { } entry)
            {
                if (entry.IsDue(now))
                {
                    Refresh(entry, entry.Tags, state, factory, policy, options);
                }

                return new ValueTask<T>(Hit<T>(entry, now));
            }
        }

        return ReadOnAsync(key.ToString(), _local.HashOf(key), state, factory, policy, options, tags, cancellationToken);
    }

    /// <summary>Stores a value that the caller has; what is on its way from the source is not stored any more.</summary>
    public ValueTask SetAsync<T>(
        string key, T value, CachePolicy? policy, HybridCacheEntryOptions? options, IEnumerable<string>? tags, CacheStamp stamp, CancellationToken cancellationToken)
    {
        _keys.CheckKey(key);
        var entryTags = _keys.EntryTags(tags);
        var terms = _policies.Resolve(policy, options);
        if (_remote is not null && _enabled && !Has(options, HybridCacheEntryFlags.DisableDistributedCacheWrite))
        {
            return SetRemoteAsync(key, value, entryTags, terms, options, stamp, cancellationToken);
        }

        if (!_enabled || Has(options, HybridCacheEntryFlags.DisableLocalCacheWrite))
        {
            _local.Remove(key); // what stands there is older than what the caller has
            return default;
        }

        var head = _source.Head(key, entryTags, stamp.Sequence, _order.Next(), terms, _source.Lifetime(terms, value is null), _patterns.Of(key));
        _source.Store(_codecs.Of<T>().Encode(head, value, terms.Immutable), read: null);
        return default;
    }

    private async ValueTask SetRemoteAsync<T>(
        string key, T value, string[] tags, EntryTerms terms, HybridCacheEntryOptions? options, CacheStamp stamp, CancellationToken cancellationToken)
    {
        var lifetime = _source.Lifetime(terms, value is null);
        var head = _source.Head(key, tags, stamp.Sequence, _order.Next(), terms, lifetime, _patterns.Of(key));
        var entry = _codecs.Of<T>().Encode(head, value, terms.Immutable, out var payload);
        if (!_remote!.IsAvailableFor(key))
        {
            await _remote.ReadyAsync(key, cancellationToken).ConfigureAwait(false);
        }

        var ticket = _local.BeginWrite(key);
        Entry<T>? kept = null;
        try
        {
            var sent = _time.GetTimestamp();
            var stored = await _remote.SetAsync(
                key, _source.ToRemote(key, value, payload, tags, _remote.StampFor(key, stamp), lifetime), SourcePath.RemoteLifetime(terms, lifetime), cancellationToken).ConfigureAwait(false);
            if (stored is not null)
            {
                _patterns.Remote.Writes.Add(_time.GetElapsedTime(sent));
            }

            if (!Has(options, HybridCacheEntryFlags.DisableLocalCacheWrite))
            {
                // Where L2 could not be asked the value is served from here, as stale until L2 is back: trust was lost after its stamp was taken.
                kept = stored == false ? null : entry;
            }
        }
        finally
        {
            _source.Count(entry, _local.EndWrite(kept, key, ticket));
        }
    }

    /// <summary>A copy that may be stale, while the second level cannot be asked.</summary>
    private Entry? FindStale(ReadOnlySpan<char> key, CachePolicy? policy, HybridCacheEntryOptions? options) =>
        !Has(options, HybridCacheEntryFlags.DisableLocalCacheRead) && _policies.AllowsStaleInOutage(policy)
        && _clock.Now is var now && _local.FindStale(key, now) is { } entry && !entry.IsExpired(now)
            ? entry
            : null; // an expired one only if the source fails, too

    private T StaleHit<T>(Entry entry)
    {
        _patterns[entry.PatternNumber].StaleHit();
        return ValueOf<T>(entry);
    }

    /// <summary>Checks a key and tags before anything is done with them.</summary>
    public void CheckNames(string key, IEnumerable<string>? tags)
    {
        _keys.CheckKey(key);
        _keys.EntryTags(tags);
    }

    /// <summary>Makes an entry as <see cref="SetAsync"/> does, and does not store it.</summary>
    public Entry Make<T>(string key, T value, CachePolicy policy, IEnumerable<string>? tags, long stamp)
    {
        _keys.CheckKey(key);
        var terms = _policies.Resolve(policy, call: null);
        var head = _source.Head(key, _keys.EntryTags(tags), stamp, _order.Next(), terms, _source.Lifetime(terms, value is null), _patterns.Of(key));
        return _codecs.Of<T>().Encode(head, value, terms.Immutable);
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // off the path of hits
    private void Missed(string key)
    {
        _keys.CheckKey(key);
        _patterns.Of(key).Missed();
    }

    private static bool Has(HybridCacheEntryOptions? options, HybridCacheEntryFlags flag) => options?.Flags is { } flags && (flags & flag) == flag;

    /// <summary>Counts and returns a hit.</summary>
    public T Take<T>(Entry entry, long now) => Hit<T>(entry, now);

    private T Hit<T>(Entry entry, long now)
    {
        Count(entry, now);
        return ValueOf<T>(entry);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(Entry entry, long now)
    {
        if (entry.Reads < WindowTinyLfu.MostReads)
        {
            entry.Reads++;
        }

        _hits.Count(entry.PatternNumber);
        if (entry.IsScheduled)
        {
            entry.Slide(now);
        }
    }

    /// <summary>An entry's value: shared, or a copy of the reader's own.</summary>
    public static T ValueOf<T>(Entry entry) => entry is SharedEntry<T> shared ? shared.Value : Typed<T>(entry).Read();

    private static Entry<T> Typed<T>(Entry entry) =>
        entry as Entry<T>
        ?? throw new InvalidOperationException(
            $"Cache key '{entry.Key}' holds a value of type {entry.ValueType}, and is read as {typeof(T)}. Use one type per key, or different keys.");

    private ValueTask<T> ReadSlowAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CachePolicy? policy,
        HybridCacheEntryOptions? options,
        IEnumerable<string>? tags,
        CancellationToken cancellationToken,
        int overtaken = 0)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            _keys.CheckKey(key);
            var entryTags = _keys.EntryTags(tags);
            var terms = _policies.Resolve(policy, options);
            var pattern = _patterns.Of(key);
            var flightKey = new FlightKey(key, Levels(options?.Flags ?? HybridCacheEntryFlags.None));
            if (Has(options, HybridCacheEntryFlags.DisableUnderlyingData))
            {
                return ReadCachedAsync<T>(flightKey, entryTags, terms, pattern, cancellationToken);
            }

            if (!_enabled)
            {
                return ReadSourceAsync(key, state, factory, pattern, cancellationToken);
            }

            if (terms.Source.IsFailSafe && flightKey.ReadsLocal && _clock.Now is var now
                && _local.FindStale(key, now) is { Renewal: { } renewal } stale && now < renewal.RetryAt && stale.IsExpired(now))
            {
                CountMiss(pattern, flightKey);
                return new ValueTask<T>(StaleHit<T>(stale)); // the source has failed a moment ago
            }

            // 2. Join
            var (flight, started) = Board<T>(flightKey, entryTags, cancellationToken.CanBeCanceled || terms.Source.Hard is not null);
            ValueTask<Landing<T>> landing;
            if (!started)
            {
                CountMiss(pattern, flightKey);
                pattern.Joined();
                landing = WaitAsync(flight, flight.Landing, terms, cancellationToken);
            }
            else
            {
                landing = StartAsync(flight, state, factory, terms, pattern, isUnderWay: false, cancellationToken);
            }

            return ServeAsync(landing, flight, started, key, state, factory, policy, options, tags, overtaken, cancellationToken);
        }
        catch (Exception failure)
        {
            return ValueTask.FromException<T>(failure);
        }
    }

    /// <summary>Gives a caller what a flight brings; reads again where that must not be served.</summary>
    private async ValueTask<T> ServeAsync<TState, T>(
        ValueTask<Landing<T>> brought,
        SingleFlight<T> flight,
        bool started,
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CachePolicy? policy,
        HybridCacheEntryOptions? options,
        IEnumerable<string>? tags,
        int overtaken,
        CancellationToken cancellationToken)
    {
        var landing = await brought.ConfigureAwait(false);
        if (landing.IsStale)
        {
            _patterns.Of(key).StaleHit();
        }
        else if (landing.IsAbsent)
        {
            return await ReadSlowAsync(key, state, factory, policy, options, tags, cancellationToken).ConfigureAwait(false); // another's source had nothing
        }
        else if (landing.IsOvertaken && overtaken < MaximumOvertakings)
        {
            return await ReadSlowAsync(key, state, factory, policy, options, tags, cancellationToken, overtaken + 1).ConfigureAwait(false);
        }
        else if (landing.IsOvertaken)
        {
            if (flight.Key.ReadsLocal && _local.Find(key, _clock.Now) is Entry<T> later)
            {
                return later.Read(); // what overtook it has been served already
            }

            _source.Supersede(key);
        }

        return started && landing.HasOriginal ? landing.Original! : landing.Entry.Read();
    }

    /// <summary>The read of a cache that is switched off: the caller's own run of its factory, shared with nobody and kept nowhere.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask<T> ReadSourceAsync<TState, T>(
        string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, KeyPattern pattern, CancellationToken cancellationToken)
    {
        pattern.Missed();
        if (Pending is not null && await Pending.FindAsync<T>(key, cancellationToken).ConfigureAwait(false) is { Found: true } pending)
        {
            return pending.Value!;
        }

        pattern.Ran();
        var began = _time.GetTimestamp();
        try
        {
            return await factory(state, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            pattern.Failed();
            throw;
        }
        finally
        {
            pattern.SourceTook(_time.GetElapsedTime(began));
        }
    }

    private static FlightLevels Levels(HybridCacheEntryFlags flags)
    {
        var levels = FlightLevels.All;
        if (flags != HybridCacheEntryFlags.None)
        {
            levels &= ~((flags.HasFlag(HybridCacheEntryFlags.DisableLocalCacheRead) ? FlightLevels.ReadsLocal : FlightLevels.None)
                | (flags.HasFlag(HybridCacheEntryFlags.DisableLocalCacheWrite) ? FlightLevels.WritesLocal : FlightLevels.None)
                | (flags.HasFlag(HybridCacheEntryFlags.DisableDistributedCacheRead) ? FlightLevels.ReadsRemote : FlightLevels.None)
                | (flags.HasFlag(HybridCacheEntryFlags.DisableDistributedCacheWrite) ? FlightLevels.WritesRemote : FlightLevels.None));
        }

        return levels;
    }

    /// <summary>A read that asks no source: what the second level has, or nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask<T> ReadCachedAsync<T>(FlightKey key, string[] tags, EntryTerms terms, KeyPattern pattern, CancellationToken cancellationToken)
    {
        CountMiss(pattern, key);
        if (_remote is null || !_enabled || !key.ReadsRemote)
        {
            return default!;
        }

        // A flight of its own: those who have a source must not wait for one that has none.
        using var flight = new SingleFlight<T>(key with { Levels = key.Levels & ~FlightLevels.WritesRemote }, tags, _ledger.Sequence, _order.Next(), isCancellable: false);
        return await _source.FindAsync(flight, terms, pattern, cancellationToken).ConfigureAwait(false) is { } landing ? landing.Original! : default!;
    }

    private static void CountMiss(KeyPattern pattern, in FlightKey key)
    {
        if (key.ReadsLocal)
        {
            pattern.Missed();
        }
    }
}
