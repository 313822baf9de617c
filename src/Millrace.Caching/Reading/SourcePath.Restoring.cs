using System.Runtime.CompilerServices;
using Millrace.Caching.Flight;
using Millrace.Caching.Local;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;
using Millrace.Caching.Values;

namespace Millrace.Caching.Reading;

/// <summary>Steps 3 and 7 of what the second level has: from bytes to a value and an entry.</summary>
internal sealed partial class SourcePath
{
    private bool IsOfSchema<T>(in RemoteEntry entry) => entry.Schema == codecs.Of<T>().Schema;

    /// <summary>What nobody else waits for, with an original where it had none: the bytes themselves need no copy then.</summary>
    public static Landing<T> Own<T>(in Landing<T> landing) =>
        !landing.HasOriginal && landing.Entry is PassingEntry<T> passing ? landing with { Original = passing.Take(), HasOriginal = true } : landing;

    /// <summary>Makes what L2 has into what a flight brings, and stores it in L1 where the flight says so; null where it cannot be read.</summary>
    public Landing<T>? Restore<T>(SingleFlight<T> flight, in RemoteEntry found, in EntryTerms terms, KeyPattern pattern)
    {
        var made = Make(flight, found, terms, pattern, flight.Key.WritesLocal);
        if (made is { } landing && flight.Key.WritesLocal)
        {
            Store(landing.Entry, flight);
        }

        return made;
    }

    /// <summary>
    /// What step 3 has found, if that is all there is to do: as <see cref="Take"/>, and with it the end of the flight, which looks at L1 once for all of that. Not
    /// inlined, so that its caller, who runs twice, has less to clear.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public Landing<T>? TryLand<T>(SingleFlight<T> flight, RemoteAnswer answer, in EntryTerms terms, KeyPattern pattern)
    {
        if (answer.Kind != RemoteAnswerKind.Hit || !IsOfSchema<T>(answer.Entry))
        {
            return null;
        }

        if (Make(flight, answer.Entry, terms, pattern, flight.Key.WritesLocal) is not { } landing)
        {
            Overtake(flight, answer, replaces: flight.Key.WritesLocal); // what is there can be read by others
            return null;
        }

        var (result, isOvertaken) = parts.Local.Land(flight.Key.Key, flight, flight.Key.WritesLocal ? landing.Entry : null, flight.Hash, remote!.HearsLate);
        Count(landing.Entry, result);
        return isOvertaken ? landing with { IsOvertaken = true } : landing;
    }

    /// <summary>Makes what L2 has into what a flight brings; null where it cannot be read.</summary>
    /// <param name="flight">The flight.</param>
    /// <param name="found">What L2 has.</param>
    /// <param name="terms">Its terms.</param>
    /// <param name="pattern">Its counters.</param>
    /// <param name="isKept">Whether the entry is to be stored in L1, which the caller does.</param>
    public Landing<T>? Make<T>(SingleFlight<T> flight, in RemoteEntry found, in EntryTerms terms, KeyPattern pattern, bool isKept)
    {
        if (!IsOfSchema<T>(found) || EntryCodec.Unpack(found) is not { } payload)
        {
            return null;
        }

        var now = remote!.ServerNowFor(flight.Key.Key);
        var left = TimeSpan.FromMilliseconds(Math.Max(1, found.ExpiresAt - now));
        var refreshIn = terms.Source.RefreshAhead is { } share ? TimeSpan.FromMilliseconds(Math.Max(0, RefreshMoment(found, share) - now)) : (TimeSpan?)null;
        var own = flight.Tags;
        string[] tags = found.Tags.Length == 0 || ReferenceEquals(found.Tags, own) ? own : [.. found.Tags.Union(own, StringComparer.Ordinal)];
        var head = Head(flight.Key.Key, tags, flight.Stamp, flight.Order, terms, left, pattern, refreshIn);
        if (Restore<T>(head, payload, found, terms, pattern, isKept) is not var (entry, value))
        {
            return null;
        }

        pattern.RemoteHit();
        if (terms.Sliding is not null)
        {
            _ = remote.TouchAsync(flight.Key.Key, RemoteLifetime(terms, left)).AsTask();
        }

        return new Landing<T>(entry, value, HasOriginal: value is not null || entry is not PassingEntry<T>);
    }

    private (Entry<T> Entry, T? Value)? Restore<T>(
        in EntryHead head, ReadOnlyMemory<byte> payload, in RemoteEntry found, in EntryTerms terms, KeyPattern pattern, bool isKept)
    {
        try
        {
            var entry = codecs.Of<T>().Restore(head, payload, found.Flags.HasFlag(EntryFlags.Null), terms.Immutable, isKept, out var value);
            return (entry, value);
        }
        catch (InvalidOperationException failure)
        {
            Log.PayloadUnreadable(logger, failure, cacheName, pattern.Name);
            return null;
        }
    }
}
