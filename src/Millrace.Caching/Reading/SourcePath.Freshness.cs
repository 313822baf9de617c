using Millrace.Caching.Flight;
using Millrace.Caching.Local;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Reading;

/// <summary>Refreshes of what is still served, and what is served in place of a source that fails.</summary>
internal sealed partial class SourcePath
{
    /// <summary>
    /// Steps 3 to 7 for an entry that is to be refreshed while it is served; null: another process has done it, or is at it, or the source is to be
    /// left alone.
    /// </summary>
    public async ValueTask<Landing<T>?> RefreshAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms, KeyPattern pattern)
    {
        RemoteLease? lease = null;
        if (remote is not null)
        {
            var key = flight.Key.Key;
            if (!remote.IsAvailableFor(key))
            {
                return null;
            }

            var asked = Moment;
            var answer = await remote.ReadAsync(key, flight.Tags, flight.Token).ConfigureAwait(false);
            Time(answer, asked, pattern);
            if (answer.Kind == RemoteAnswerKind.Hit && IsOfSchema<T>(answer.Entry))
            {
                if (terms.Source.RefreshAhead is { } share && RefreshMoment(answer.Entry, share) > remote.ServerNowFor(key))
                {
                    Overtake(flight, answer, replaces: true);
                    return Restore(flight, answer.Entry, terms, pattern);
                }

                answer = await remote.RenewAsync(key, answer.Mark, flight.Token).ConfigureAwait(false);
            }
            else if (TryKeepStale(flight, answer, terms, pattern))
            {
                answer = await remote.RenewAsync(key, answer.Mark, flight.Token).ConfigureAwait(false);
            }
            else if (answer.Kind is RemoteAnswerKind.Missing or RemoteAnswerKind.Hit)
            {
                answer = await remote.LeaseAsync(key, flight.Tags, answer.Entry.Stamp, flight.Token).ConfigureAwait(false);
            }

            lease = answer.Lease;
            Overtake(flight, answer, replaces: true);
            if (lease is null)
            {
                return null;
            }
        }

        var landing = await FetchAsync(flight, state, factory, terms, pattern, lease, isAway: false, servesStale: false).ConfigureAwait(false);
        sources.Counters.Refreshed();
        return landing;
    }

    /// <summary>
    /// Answers of L2 may be ahead of the word of a change. So one that leads to a value does what the word would have done before it: other reads and copies
    /// of the key, which may be older, are not served after that value.
    /// </summary>
    /// <returns>Whether it was such an answer.</returns>
    public bool Overtake<T>(SingleFlight<T> flight, RemoteAnswer answer, bool replaces)
    {
        if (!remote!.HearsLate || answer.Kind is not (RemoteAnswerKind.Hit or RemoteAnswerKind.Granted))
        {
            return false;
        }

        parts.Local.Overtake(flight.Key.Key, flight, replaces);
        return true;
    }

    /// <summary>
    /// The value that is kept for a source that fails, if there is one that nothing has invalidated. The source is left alone for
    /// <paramref name="throttle"/>.
    /// </summary>
    public Landing<T>? StaleOf<T>(SingleFlight<T> flight, in EntryTerms terms, TimeSpan throttle)
    {
        var now = time.Clock.Now;
        if (!terms.Source.IsFailSafe || !flight.Key.ReadsLocal || parts.Local.FindStale(flight.Key.Key, now) is not Entry<T> entry)
        {
            return null;
        }

        entry.Renewal?.RetryAt = now + time.Clock.Units(throttle);
        return new Landing<T>(entry, default, HasOriginal: false, IsStale: true);
    }

    /// <summary>Puts what has expired in L2, and may be served if the source fails, into L1.</summary>
    private bool TryKeepStale<T>(SingleFlight<T> flight, RemoteAnswer answer, in EntryTerms terms, KeyPattern pattern)
    {
        var found = answer.Entry;
        if (!answer.IsExpired || !terms.Source.IsFailSafe || flight.Key.Levels != FlightLevels.All || !IsOfSchema<T>(found))
        {
            return false;
        }

        var left = TimeSpan.FromMilliseconds(found.ExpiresAt - remote!.ServerNowFor(flight.Key.Key)) + terms.Source.FailSafe;
        if (left <= TimeSpan.Zero || EntryCodec.Unpack(found) is not { } payload)
        {
            return false;
        }

        var now = time.Clock.Now;
        var head = new EntryHead(
            flight.Key.Key, [.. found.Tags.Union(flight.Tags, StringComparer.Ordinal)], flight.Stamp, flight.Order, ExpiresAt: now, SlidingSpan: 0, now, pattern,
            GoneAt: now + time.Clock.Units(left));
        if (Restore<T>(head, payload, found, terms, pattern, isKept: true) is not var (entry, _))
        {
            return false;
        }

        return parts.Local.Store(entry, flight) is StoreResult.Stored or StoreResult.Superseded;
    }

    /// <summary>When an entry is due to be refreshed, in milliseconds of the server's clock. Its stamp tells when its life began.</summary>
    private static long RefreshMoment(in RemoteEntry entry, double share) =>
        (entry.Stamp / 1000) + (long)(Math.Max(0, entry.ExpiresAt - (entry.Stamp / 1000)) * share);
}
