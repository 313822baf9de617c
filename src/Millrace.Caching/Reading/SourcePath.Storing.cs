using Millrace.Caching.FailSafe;
using Millrace.Caching.Flight;
using Millrace.Caching.Local;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Reading;

/// <summary>What becomes of a value that the source gave: steps 6 and 7, and what must not be served after it.</summary>
internal sealed partial class SourcePath
{
    /// <summary>Steps 6 and 7.</summary>
    public ValueTask<Landing<T>> StoreAsync<T>(
        SingleFlight<T> flight, T value, in EntryTerms terms, KeyPattern pattern, RemoteLease? lease, bool isAway, CacheEntryContext? context) =>
        lease is null
            ? new ValueTask<Landing<T>>(StoreHere(flight, value, terms, pattern, isAway, context))
            : StoreSharedAsync(flight, value, terms, pattern, lease, context);

    /// <summary>Step 7 alone.</summary>
    public Landing<T> StoreHere<T>(SingleFlight<T> flight, T value, in EntryTerms terms, KeyPattern pattern, bool isAway, CacheEntryContext? context)
    {
        var key = flight.Key;
        var head = Head(key.Key, TagsOf(flight, context), flight.Stamp, flight.Order, terms, LifetimeOf(value, terms, context), pattern);
        var landing = new Landing<T>(codecs.Of<T>().Encode(head, value, terms.Immutable), value, HasOriginal: true);
        var isKept = context is not { DoNotCache: true } && (remote is null || !key.WritesRemote || (isAway && !remote.IsAvailableFor(key.Key)));
        return Unshared(flight, landing, isKept);
    }

    /// <summary>Step 7 where there is no second level, and the end of a flight that nobody else knows; null for one that others know, to which nothing has been done.</summary>
    public Landing<T>? TryLand<T>(SingleFlight<T> flight, T value, in EntryTerms terms, KeyPattern pattern)
    {
        if (parts.Flights.AreApart || flight.IsKnown)
        {
            return null;
        }

        var head = Head(flight.Key.Key, flight.Tags, flight.Stamp, flight.Order, terms, LifetimeOf(value, terms, context: null), pattern);
        var landing = new Landing<T>(codecs.Of<T>().Encode(head, value, terms.Immutable), value, HasOriginal: true);
        var result = parts.Local.Land(landing.Entry, flight, flight.Hash);
        if (result is StoreResult.Stored or StoreResult.Known)
        {
            return result == StoreResult.Stored ? landing : null;
        }

        Count(landing.Entry, result);
        pattern.Missed();
        pattern.Ran();
        landing = Approve(flight, landing);
        parts.Flights.Ended(flight);
        flight.Land(landing);
        return landing;
    }

    private async ValueTask<Landing<T>> StoreSharedAsync<T>(
        SingleFlight<T> flight, T value, EntryTerms terms, KeyPattern pattern, RemoteLease lease, CacheEntryContext? context)
    {
        var (key, lifetime) = (flight.Key, LifetimeOf(value, terms, context));
        string[] tags;
        byte[] payload;
        Entry<T> stored;
        try
        {
            tags = TagsOf(flight, context);
            stored = codecs.Of<T>().Encode(Head(key.Key, tags, flight.Stamp, flight.Order, terms, lifetime, pattern), value, terms.Immutable, out payload);
        }
        catch
        {
            await ReleaseAsync(key.Key, lease).ConfigureAwait(false);
            throw;
        }

        var landing = new Landing<T>(stored, value, HasOriginal: true);
        var isTooHeavy = payload.Length > options.MaximumPayloadBytes;
        if (isTooHeavy || context is { DoNotCache: true })
        {
            landing = Unshared(flight, landing, isKept: false);
            await ReleaseAsync(key.Key, lease).ConfigureAwait(false);
            if (isTooHeavy)
            {
                Count(stored, StoreResult.TooHeavy);
            }

            return landing;
        }

        var isStored = await FillAsync(key.Key, lease, ToRemote(key.Key, value, payload, tags, lease.Stamp, lifetime), RemoteLifetime(terms, lifetime)).ConfigureAwait(false);
        if (isStored == false)
        {
            pattern.Doomed();
            return landing with { IsOvertaken = true };
        }

        if (isStored is null)
        {
            return Unshared(flight, landing, isKept: !remote!.IsAvailableFor(key.Key));
        }

        if (key.WritesLocal)
        {
            Store(stored, flight);
        }

        return landing;
    }

    private string[] TagsOf(SingleFlight flight, CacheEntryContext? context) =>
        context is { Tags.Count: > 0 } ? keys.EntryTags(flight.Tags.Concat(context.Tags)) : flight.Tags;

    private TimeSpan LifetimeOf<T>(T value, in EntryTerms terms, CacheEntryContext? context)
    {
        var lifetime = context?.Expiration ?? Lifetime(terms, value is null);
        return lifetime < CachePolicy.LongestExpiration ? lifetime : CachePolicy.LongestExpiration;
    }

    /// <summary>
    /// A value is about to be served that the second level does not have, and this node must not go back to an older one that L2 has. It is kept here
    /// only where L2 is not at hand, because the server would not tell of its changes; the end of the outage ends its time as a fresh one.
    /// </summary>
    private Landing<T> Unshared<T>(SingleFlight<T> flight, in Landing<T> landing, bool isKept)
    {
        remote?.Outdate(flight.Key.Key);
        parts.Local.Outrun(flight.Key.Key, flight);
        if (isKept && flight.Key.WritesLocal)
        {
            Store(landing.Entry, flight);
        }

        return landing;
    }

    /// <summary>The last look before a value is served: whether a later flight of the key may have seen less than this one.</summary>
    public Landing<T> Approve<T>(SingleFlight<T> flight, in Landing<T> landing) =>
        !landing.IsStale && parts.Local.IsOvertaken(flight.Key.Key, flight, dropsOlder: remote is { HearsLate: true }) ? landing with { IsOvertaken = true } : landing;

    /// <summary>A value that was overtaken is served all the same: what later reads have brought, or are about to, must not follow it.</summary>
    public void Supersede(string key)
    {
        remote?.Outdate(key);
        parts.Local.Drop(key);
    }
}
