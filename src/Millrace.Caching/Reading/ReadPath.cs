using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Naming;
using Millrace.Caching.Statistics;
using Millrace.Caching.Values;

namespace Millrace.Caching.Reading;

// The one way a value is read:
//
//   1. L1: an entry that is not expired and not covered by an invalidation answers at once, without waiting or allocating.
//   2. Join: a flight that is to bring the key, and that no invalidation has covered since it began, is waited for. Else the caller starts one.
//   3. Source: the factory runs, once for all who wait. Before it, the flight notes the stamp of the last invalidation, and looks at L1 again,
//      because an earlier flight may have landed between steps 1 and 2.
//   4. Store L1: the value is stored, unless the flight was doomed while the factory ran. Its callers get it either way: their reads began before
//      the invalidation was over.
//
// What follows: a read that begins after an invalidation has returned never gets a value that was read from the source before it. Step 1 sees
// the stamp, or the removal. Step 2 sees that the flight is covered, or does not find it. And step 4 stores nothing that would undo that.
//
// Hits are served by methods that are not async; only what has to wait goes on to ReadSlowAsync.
internal sealed class ReadPath
{
    private readonly string _cacheName;
    private readonly LocalStore _local;
    private readonly FlightTable _flights;
    private readonly InvalidationLedger _ledger;
    private readonly ValueCodecs _codecs;
    private readonly KeyRules _keys;
    private readonly KeyPatterns _patterns;
    private readonly Policies _policies;
    private readonly Jitter _jitter;
    private readonly CacheClock _clock;
    private readonly ILogger _logger;
    private readonly int _maximumPayloadBytes;
    private readonly bool _enabled;
    private long _order;

    public ReadPath(
        string cacheName,
        CacheOptions options,
        (LocalStore Local, FlightTable Flights, InvalidationLedger Ledger, KeyPatterns Patterns) parts,
        ValueCodecs codecs,
        KeyRules keys,
        CacheClock clock,
        Jitter jitter,
        ILogger logger)
    {
        (_cacheName, _codecs, _keys, _clock, _jitter, _logger) = (cacheName, codecs, keys, clock, jitter, logger);
        (_local, _flights, _ledger, _patterns) = parts;
        _policies = new Policies(options);
        (_maximumPayloadBytes, _enabled) = (options.MaximumPayloadBytes, options.Enabled);
    }

    /// <summary>Step 1 alone.</summary>
    public bool TryRead<T>(string key, out T? value)
    {
        var now = _clock.Now;
        if (_local.Find(key, now) is { } entry)
        {
            value = Hit<T>(entry, now);
            return true;
        }

        _keys.CheckKey(key);
        _patterns.Of(key).Missed();
        value = default;
        return false;
    }

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
        if (!Has(options, HybridCacheEntryFlags.DisableLocalCacheRead))
        {
            var now = _clock.Now;
            if (_local.Find(key, now) is { } entry)
            {
                return new ValueTask<T>(Hit<T>(entry, now));
            }
        }

        return ReadSlowAsync(key, state, factory, policy, options, tags, cancellationToken);
    }

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
                return new ValueTask<T>(Hit<T>(entry, now));
            }
        }

        return ReadSlowAsync(key.ToString(), state, factory, policy, options, tags, cancellationToken);
    }

    /// <summary>Stores a value that the caller has; what is on its way from the source is not stored any more.</summary>
    public void Set<T>(string key, T value, CachePolicy? policy, HybridCacheEntryOptions? options, IEnumerable<string>? tags, long stamp)
    {
        _keys.CheckKey(key);
        var entryTags = _keys.EntryTags(tags);
        var terms = _policies.Resolve(policy, options);
        if (!_enabled || Has(options, HybridCacheEntryFlags.DisableLocalCacheWrite))
        {
            _local.Remove(key); // what stands there is older than what the caller has
            return;
        }

        var head = Head(key, entryTags, stamp, Interlocked.Increment(ref _order), terms, _patterns.Of(key));
        Store(_codecs.Of<T>().Encode(head, value, terms.Immutable), read: null);
    }

    private static bool Has(HybridCacheEntryOptions? options, HybridCacheEntryFlags flag) => options?.Flags is { } flags && (flags & flag) == flag;

    private static T Hit<T>(Entry entry, long now)
    {
        entry.Touch(now);
        entry.Pattern.Hit();
        return entry is SharedEntry<T> shared ? shared.Value : Typed<T>(entry).Read();
    }

    private static Entry<T> Typed<T>(Entry entry) =>
        entry as Entry<T>
        ?? throw new InvalidOperationException(
            $"Cache key '{entry.Key}' holds a value of type {entry.ValueType}, and is read as {typeof(T)}. Use one type per key, or different keys.");

    private async ValueTask<T> ReadSlowAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        CachePolicy? policy,
        HybridCacheEntryOptions? options,
        IEnumerable<string>? tags,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _keys.CheckKey(key);
        var entryTags = _keys.EntryTags(tags);
        var terms = _policies.Resolve(policy, options);
        var pattern = _patterns.Of(key);
        var flightKey = new FlightKey(
            key, !Has(options, HybridCacheEntryFlags.DisableLocalCacheRead), !Has(options, HybridCacheEntryFlags.DisableLocalCacheWrite));
        if (Has(options, HybridCacheEntryFlags.DisableUnderlyingData))
        {
            CountMiss(pattern, flightKey);
            return default!;
        }

        if (!_enabled)
        {
            return await ReadSourceAsync(state, factory, pattern, cancellationToken).ConfigureAwait(false);
        }

        // 2. Join
        var (flight, started) = Board<T>(flightKey, entryTags);
        if (started)
        {
            _ = FlyAsync(flight, state, factory, terms, pattern); // never throws: what happens, happens to the flight
        }
        else
        {
            CountMiss(pattern, flightKey);
            pattern.Joined();
        }

        var landing = await WaitAsync(flight, cancellationToken).ConfigureAwait(false);
        return started && landing.FromSource ? landing.Original! : landing.Entry.Read();
    }

    /// <summary>The read of a cache that is switched off: the caller's own run of its factory, shared with nobody and kept nowhere.</summary>
    private static async ValueTask<T> ReadSourceAsync<TState, T>(
        TState state, Func<TState, CancellationToken, ValueTask<T>> factory, KeyPattern pattern, CancellationToken cancellationToken)
    {
        pattern.Missed();
        pattern.Ran();
        try
        {
            return await factory(state, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            pattern.Failed();
            throw;
        }
    }

    private static void CountMiss(KeyPattern pattern, in FlightKey key)
    {
        if (key.ReadsLocal)
        {
            pattern.Missed();
        }
    }

    private (SingleFlight<T> Flight, bool Started) Board<T>(in FlightKey key, string[] tags)
    {
        while (true)
        {
            var found = _flights.Find(key);
            if (found is not null && !_ledger.Covers(found.Stamp, found.Tags) && !_ledger.Covers(found.Stamp, tags))
            {
                if (found is not SingleFlight<T> flight)
                {
                    throw new InvalidOperationException(
                        $"Cache key '{key.Key}' is being filled with a value of type {found.ValueType}, and is read as {typeof(T)}. "
                        + "Use one type per key, or different keys.");
                }

                if (flight.TryJoin(tags))
                {
                    return (flight, false);
                }
            }

            if (found is not null)
            {
                _local.Doom(found); // before it leaves the table: nobody could doom it after that
            }

            var own = new SingleFlight<T>(key, tags, _ledger.Sequence, Interlocked.Increment(ref _order));
            if (_flights.TryEnter(own, found))
            {
                return (own, true);
            }

            own.Dispose();
        }
    }

    private async ValueTask<Landing<T>> WaitAsync<T>(SingleFlight<T> flight, CancellationToken cancellationToken)
    {
        SingleFlight? waiting = null;
        try
        {
            waiting = _flights.BeginWait(flight);
            return await flight.Landing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _flights.EndWait(waiting, flight);
            if (flight.Leave())
            {
                _local.Doom(flight);
                _flights.Leave(flight);
                flight.Cancel();
            }
        }
    }

    private async Task FlyAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms, KeyPattern pattern)
    {
        var cockpit = FlightTable.Enter(flight);
        try
        {
            // 3. Source
            Landing<T> landing;
            if (flight.Key.ReadsLocal && _local.Find(flight.Key.Key, _clock.Now) is { } entry)
            {
                pattern.Hit();
                landing = new Landing<T>(Typed<T>(entry), default, FromSource: false);
            }
            else
            {
                CountMiss(pattern, flight.Key);
                landing = await RunAsync(flight, state, factory, terms, pattern).ConfigureAwait(false);
            }

            _flights.Ended(flight);
            flight.Land(landing);
        }
        catch (Exception failure) // the factory's, or its value's: it goes to all who wait
        {
            _flights.Ended(flight);
            flight.Fail(failure);
        }

        cockpit.Flight = null;
        flight.Dispose();
    }

    private async ValueTask<Landing<T>> RunAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms, KeyPattern pattern)
    {
        T value;
        pattern.Ran();
        try
        {
            value = await factory(state, flight.Token).ConfigureAwait(false);
        }
        catch
        {
            pattern.Failed();
            throw;
        }
        finally
        {
            flight.Seal();
        }

        // 4. Store L1
        var head = Head(flight.Key.Key, flight.Tags, flight.Stamp, flight.Order, terms, pattern);
        var entry = _codecs.Of<T>().Encode(head, value, terms.Immutable);
        if (flight.Key.WritesLocal)
        {
            Store(entry, flight);
        }

        return new Landing<T>(entry, value, FromSource: true);
    }

    private EntryHead Head(string key, string[] tags, long stamp, long order, in EntryTerms terms, KeyPattern pattern)
    {
        var now = _clock.Now;
        var expiresAt = now + _clock.Units(_jitter.Shorten(terms.Lifetime, terms.Jitter));
        return new EntryHead(key, tags, stamp, order, expiresAt, terms.Sliding is { } sliding ? _clock.Units(sliding) : 0, now, pattern);
    }

    private void Store(Entry entry, PendingRead? read)
    {
        switch (_local.Store(entry, read))
        {
            case StoreResult.Stored:
                entry.Pattern.Stored();
                break;
            case StoreResult.Doomed:
                entry.Pattern.Doomed();
                break;
            case StoreResult.TooHeavy:
                entry.Pattern.Rejected();
                if (entry.Pattern.FirstTooHeavy())
                {
                    Log.EntryTooHeavy(_logger, _cacheName, entry.Pattern.Name, entry.ValueBytes, _maximumPayloadBytes);
                }

                break;
        }
    }
}
