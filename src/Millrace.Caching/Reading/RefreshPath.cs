using Millrace.Caching.FailSafe;
using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Reading;

// Entries that are read from their source again before they expire, while they go on being served:
//
//   1. Claim: of all readers who find an entry due one begins; a queue bounds how many are at it (RefreshQueue).
//   2. Flight: the refresh is a flight of the key like any other. An invalidation of the key dooms it, one of what covers it makes its value invalid by
//      the stamp at which it began, so that nothing is stored that was read before an invalidation; and who misses meanwhile joins it.
//   3. Where a second level is shared, it is asked first: another process may have refreshed the entry, or be at it. The lease stands beside the
//      entry (RedisLevel.Renewal.cs), so that readers find the old value until the new one replaces it.
//   4. What fails is tried again by a later read, after a delay that doubles.
internal sealed class RefreshPath(
    (LocalStore Local, FlightTable Flights, InvalidationLedger Ledger, KeyPatterns Patterns) parts,
    SourcePath source,
    RefreshQueue queue,
    ReadOrder order,
    (SourceOutages Outages, SourceCounters Counters) sources,
    (CacheClock Clock, TimeProvider Provider) time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    /// <summary>A reader has found an entry due.</summary>
    public void Begin<TState, T>(Entry entry, string[] tags, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms)
    {
        // 1. Claim
        if (entry.Renewal is not { } renewal || !renewal.TryClaim(time.Clock.Now))
        {
            return;
        }

        var limited = Limited(terms);
        if (!TryQueue(stop => RunAsync(entry.Key, renewal, tags, state, factory, limited, stop)))
        {
            Later(renewal, Pause);
        }
    }

    /// <summary>Nobody need read the key: it is brought if it is missing here, and refreshed if it is due.</summary>
    /// <param name="key">The key.</param>
    /// <param name="turn">Keeps failures and runs in progress of a key that has no entry.</param>
    /// <param name="tags">Its tags.</param>
    /// <param name="state">What the factory needs.</param>
    /// <param name="factory">Reads the source.</param>
    /// <param name="terms">The entry's terms.</param>
    public void Keep<TState, T>(string key, EntryRenewal turn, string[] tags, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms)
    {
        var now = time.Clock.Now;
        if (parts.Local.Find(key, now) is { } entry)
        {
            if (entry.IsDue(now))
            {
                Begin(entry, tags, state, factory, terms);
            }
        }
        else if (turn.TryClaim(now))
        {
            var limited = Limited(terms);
            if (!TryQueue(KeepAsync))
            {
                Later(turn, Pause);
            }

            async Task KeepAsync(CancellationToken stop)
            {
                if (await RunAsync(key, turn, tags, state, factory, limited, stop).ConfigureAwait(false))
                {
                    turn.Done();
                }
            }
        }
    }

    private static EntryTerms Limited(in EntryTerms terms) => terms with { Source = terms.Source with { Hard = terms.Source.Hard ?? SourceTerms.BackgroundLimit } };

    private bool TryQueue(Func<CancellationToken, Task> work)
    {
        var queued = queue.TryAdd(work);
        if (!queued)
        {
            sources.Counters.RefreshSkipped();
        }

        return queued;
    }

    /// <summary>Steps 2 to 4; never throws. False: there is no new value.</summary>
    private async Task<bool> RunAsync<TState, T>(
        string key,
        EntryRenewal renewal,
        string[] tags,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        EntryTerms terms,
        CancellationToken stop)
    {
        // 2. Flight
        var flight = new SingleFlight<T>(new FlightKey(key, FlightLevels.All), tags, parts.Ledger.Sequence, order.Next(), isCancellable: true) { StartedAt = time.Clock.Now };
        if (stop.IsCancellationRequested || !parts.Flights.TryEnter(flight, replaced: null))
        {
            flight.Dispose();
            Later(renewal, Pause); // somebody is at it
            return false;
        }

        var pattern = parts.Patterns.Of(key);
        var cockpit = FlightTable.Enter(flight);
        Landing<T>? landing = null;
        try
        {
            using (stop.UnsafeRegister(static flight => ((SingleFlight)flight!).Cancel(), flight))
            {
                // 3. If nothing is to be done, it is done all the same for readers who have joined.
                landing = await source.RefreshAsync(flight, state, factory, terms, pattern).ConfigureAwait(false);
                if (landing is null && !flight.TryAbandon())
                {
                    landing = await source.BringAsync(flight, state, factory, terms, pattern).ConfigureAwait(false);
                }
            }

            landing = landing is { } brought ? source.Approve(flight, brought) : null;
            parts.Flights.Ended(flight);
            if (landing is { } landed)
            {
                flight.Land(landed);
            }
            else
            {
                Later(renewal, Pause);
            }
        }
        catch (Exception failure) // the source's, or its value's: it goes to all who have joined
        {
            parts.Flights.Ended(flight);
            Fail(flight, renewal, failure, terms, pattern, stop);
        }

        cockpit.Empty();
        flight.Dispose();
        return landing is not null;
    }

    private void Fail<T>(SingleFlight<T> flight, EntryRenewal renewal, Exception failure, EntryTerms terms, KeyPattern pattern, CancellationToken stop)
    {
        if (flight.IsAbandoned || stop.IsCancellationRequested)
        {
            flight.Fail(failure);
            return;
        }

        // 4.
        sources.Counters.RefreshFailed();
        sources.Outages.Failed(pattern, failure);
        var delay = terms.Source.Throttle * Math.Pow(2, Math.Min(renewal.Failed(), 10) - 1);
        Later(renewal, delay < LongestDelay ? delay : LongestDelay);

        if (source.StaleOf(flight, terms, terms.Source.Throttle) is { } stale)
        {
            flight.Land(stale);
        }
        else
        {
            flight.Fail(failure);
        }
    }

    private void Later(EntryRenewal renewal, TimeSpan delay) => renewal.Again(time.Clock.Now + time.Clock.Units(delay));
}
