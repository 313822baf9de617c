using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Millrace.Caching.FailSafe;
using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Naming;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;
using Millrace.Caching.Values;

namespace Millrace.Caching.Reading;

// What a flight does, steps 3 to 7 of the read path (ReadPath has 1 and 2):
//
//   3. L2: the second level is asked. A valid entry ends the flight in step 7. If another node holds the lease of the key, the flight waits until the
//      server tells that the key has changed, and asks again.
//   4. Lease: the first reader of a missing key gets the right to store it. Any invalidation of the key, by whomever, breaks the lease.
//      Of a fail-safe policy an expired entry stays where it is meanwhile, the lease stands beside it, and this process has a copy at hand.
//   5. Source: a value that waits to be written to it is newer and taken instead. Else the factory runs, within its limit. If it fails, the expired
//      copy is served in its place, and the source is left alone for a while.
//   6. Store L2: the value is stored if the lease still stands. If not, the read was overtaken by an invalidation: nobody else is given the value, and
//      the callers read again (ReadPath), because what others store meanwhile may be older, and this node would go back to it.
//   7. Store L1: what came from or went to L2 is stored in L1, unless the flight was doomed meanwhile: the key was changed, or what covers it was
//      invalidated, since the flight began.
//
// Where there is no second level, or it cannot be asked, steps 3, 4 and 6 fall away.
//
// This node never goes back to an older value. One that is served and that L2 does not have is noted (SecondLevel.Outdate). And what a doomed flight
// brings is not served where a later flight of the key has landed, or is under way, and may have seen less: the source before this one did, or L2
// while it was not known yet that what stood there is invalid (Approve). The callers read again.
internal sealed partial class SourcePath(
    string cacheName,
    CacheOptions options,
    (LocalStore Local, FlightTable Flights, InvalidationLedger Ledger, KeyPatterns Patterns) parts,
    SecondLevel? remote,
    ValueCodecs codecs,
    KeyRules keys,
    (SourceGuard Guard, SourceOutages Outages, SourceCounters Counters) sources,
    (CacheClock Clock, TimeProvider Provider) time,
    Jitter jitter,
    ILogger logger)
{
    /// <summary>The longest that a copy lives here when a second level is shared and the policy says nothing.</summary>
    public static readonly TimeSpan DefaultLocalExpiration = TimeSpan.FromSeconds(60);

    /// <summary>Says of a value that it is not kept.</summary>
    public static readonly CacheEntryContext Unkept = new() { DoNotCache = true };

    private static readonly TimeSpan RefreshSlack = TimeSpan.FromSeconds(10);

    private static readonly RemoteAnswer Nothing = new(RemoteAnswerKind.Missing) { Entry = new RemoteEntry { Stamp = SecondLevel.Any } };

    private const int MaximumRounds = 64; // of asking and waiting, before the lease is taken from whoever has it

    /// <summary>Asked in step 5 before the source; null: nothing is ever pending. Set once, before the first read.</summary>
    public IPendingValues? Pending { get; set; }

    /// <summary>Steps 3 to 7.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public ValueTask<Landing<T>> BringAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, in EntryTerms terms, KeyPattern pattern) =>
        remote is not null && (flight.Key.ReadsRemote || flight.Key.WritesRemote)
            ? BringSharedAsync(flight, state, factory, terms, pattern)
            : FetchAsync(flight, state, factory, terms, pattern, lease: null, isAway: false, servesStale: true);

    private async ValueTask<Landing<T>> BringSharedAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms, KeyPattern pattern)
    {
        if (!remote!.IsAvailableFor(flight.Key.Key))
        {
            await remote.ReadyAsync(flight.Key.Key, flight.Token).ConfigureAwait(false);
        }

        var answer = Nothing;
        if (flight.Key.ReadsRemote)
        {
            var asked = Moment;
            answer = await remote.ReadAsync(flight.Key.Key, flight.Tags, CancellationToken.None).ConfigureAwait(false); // a round trip: nothing to cancel
            Time(answer, asked, pattern);
        }

        return Take(flight, answer, terms, pattern) ?? await BringAsync(flight, answer, state, factory, terms, pattern).ConfigureAwait(false);
    }

    /// <summary>What step 3 has found, if that is all there is to do.</summary>
    private Landing<T>? Take<T>(SingleFlight<T> flight, RemoteAnswer answer, in EntryTerms terms, KeyPattern pattern)
    {
        if (answer.Kind != RemoteAnswerKind.Hit || !IsOfSchema<T>(answer.Entry))
        {
            return null;
        }

        Overtake(flight, answer, replaces: flight.Key.WritesLocal);
        return Restore(flight, answer.Entry, terms, pattern);
    }

    /// <summary>Steps 4 to 7, after an answer that was not all there is to do.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public async ValueTask<Landing<T>> BringAsync<TState, T>(
        SingleFlight<T> flight, RemoteAnswer answer, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms, KeyPattern pattern)
    {
        if (answer.Kind != RemoteAnswerKind.Hit || !IsOfSchema<T>(answer.Entry))
        {
            ThrowIfAbandoned(flight);
            answer = await ClaimAsync(flight, answer, terms, pattern).ConfigureAwait(false);
            if (answer.Kind is RemoteAnswerKind.Leased or RemoteAnswerKind.Changed)
            {
                answer = await WaitAsync(flight, terms, pattern).ConfigureAwait(false);
            }

            if (answer.Kind == RemoteAnswerKind.Hit && Restore(flight, answer.Entry, terms, pattern) is { } landing)
            {
                return landing;
            }
        }

        if (answer.Kind == RemoteAnswerKind.Failing && StaleOf(flight, terms, answer.LeaseLeft) is { } stale)
        {
            return stale;
        }

        var isAway = answer.Kind == RemoteAnswerKind.Unavailable;
        return await FetchAsync(flight, state, factory, terms, pattern, answer.Lease, isAway, servesStale: true).ConfigureAwait(false);
    }

    /// <summary>Step 3 alone; what it finds is not stored in L1, because nobody could doom it.</summary>
    public async ValueTask<Landing<T>?> FindAsync<T>(SingleFlight<T> flight, EntryTerms terms, KeyPattern pattern, CancellationToken cancellationToken)
    {
        if (!remote!.IsAvailableFor(flight.Key.Key))
        {
            await remote.ReadyAsync(flight.Key.Key, cancellationToken).ConfigureAwait(false);
        }

        var asked = Moment;
        var answer = await remote.ReadAsync(flight.Key.Key, flight.Tags, cancellationToken).ConfigureAwait(false);
        Time(answer, asked, pattern);
        Overtake(flight, answer, replaces: false);
        flight.Doomed = true; // not in the table
        return answer.Kind == RemoteAnswerKind.Hit && Make(flight, answer.Entry, terms, pattern, isKept: false) is { } landing ? Own(landing) : null;
    }

    /// <summary>An entry's head, with the time it has here.</summary>
    public EntryHead Head(
        string key, string[] tags, long stamp, long order, in EntryTerms terms, TimeSpan lifetime, KeyPattern pattern, TimeSpan? refreshIn = null)
    {
        var (now, source) = (time.Clock.Now, terms.Source);
        var local = remote is not null ? LocalLifetime(terms, lifetime) : terms.Local < lifetime ? terms.Local.Value : lifetime;
        var sliding = remote is null && terms.Sliding is { } span && span < local ? time.Clock.Units(span) : 0;
        var goneAt = source.IsFailSafe ? now + time.Clock.Units(lifetime + source.FailSafe) : 0;
        var due = source.RefreshAhead is { } share ? refreshIn ?? (remote is null ? local : lifetime) * share : local;
        return new EntryHead(
            key, tags, parts.Ledger.StampFor(key, stamp), order, now + time.Clock.Units(local), sliding, now, pattern, goneAt, due < local ? now + time.Clock.Units(due) : 0);
    }

    /// <summary>The lifetime of a new entry: what the policy says, less what chance takes.</summary>
    public TimeSpan Lifetime(in EntryTerms terms, bool isNull) =>
        jitter.Shorten(isNull && terms.Source.Negative is { } negative ? negative : terms.Lifetime, terms.Jitter);

    /// <summary>How long an entry stays in the second level if nobody reads it.</summary>
    public static TimeSpan RemoteLifetime(in EntryTerms terms, TimeSpan lifetime)
    {
        // Reads here do not reach L2 while the copy lives, so it lives there that much longer.
        var sliding = terms.Sliding is { } span ? span + (span / 4) : lifetime;
        return sliding < lifetime ? sliding : lifetime + Kept(terms);
    }

    /// <summary>
    /// How long an entry stays in the second level after it has expired: for a source that fails, and for a refresh that began before. One that slides
    /// does not, because there its staying is its life.
    /// </summary>
    public static TimeSpan Kept(in EntryTerms terms)
    {
        var slack = terms.Source.RefreshAhead is null ? TimeSpan.Zero : RefreshSlack;
        return terms.Sliding is not null ? TimeSpan.Zero : terms.Source.FailSafe > slack ? terms.Source.FailSafe : slack;
    }

    /// <summary>An entry as the second level keeps it.</summary>
    public RemoteEntry ToRemote<T>(string key, T value, byte[] payload, string[] tags, long stamp, TimeSpan lifetime) => new(
        stamp,
        remote!.ServerNowFor(key) + (long)lifetime.TotalMilliseconds,
        value is null ? EntryFlags.Null : EntryFlags.None,
        codecs.Of<T>().Schema,
        tags,
        payload,
        payload.Length);

    /// <summary>Step 7.</summary>
    public void Store(Entry entry, PendingRead? read) => Count(entry, parts.Local.Store(entry, read));

    /// <summary>Now, for <see cref="Time"/>.</summary>
    public long Moment => time.Provider.GetTimestamp();

    /// <summary>Counts how long the second level took since <paramref name="asked"/>, if it answered.</summary>
    public void Time(RemoteAnswer answer, long asked, KeyPattern pattern)
    {
        if (answer.Kind != RemoteAnswerKind.Unavailable)
        {
            pattern.RemoteTook(time.Provider.GetElapsedTime(asked));
        }
    }

    /// <summary>The source has answered: if it had failed, that is over.</summary>
    public void Answered(KeyPattern pattern) => sources.Outages.Answered(pattern);

    /// <summary>Counts that an entry was not stored; the store counts those that were.</summary>
    public void Count(Entry entry, StoreResult result)
    {
        if (result == StoreResult.Stored)
        {
            return;
        }

        var pattern = parts.Patterns[entry.PatternNumber];
        switch (result)
        {
            case StoreResult.Doomed:
                pattern.Doomed();
                break;
            case StoreResult.TooHeavy:
                pattern.Rejected();
                if (pattern.FirstTooHeavy())
                {
                    Log.EntryTooHeavy(logger, cacheName, pattern.Name, entry.ValueBytes, options.MaximumPayloadBytes);
                }

                break;
        }
    }

    private static TimeSpan LocalLifetime(in EntryTerms terms, TimeSpan lifetime)
    {
        var local = terms.Local ?? DefaultLocalExpiration;
        if (terms.Sliding is { } sliding && sliding / 4 < local)
        {
            local = sliding / 4; // so that reads reach L2 often enough to keep the entry alive there
        }

        return local < lifetime ? local : lifetime;
    }

    /// <summary>Steps 3 and 4 where another reader has the lease: until its value is there, or the lease is this flight's.</summary>
    private async ValueTask<RemoteAnswer> WaitAsync<T>(SingleFlight<T> flight, EntryTerms terms, KeyPattern pattern)
    {
        var key = flight.Key.Key;
        var signal = parts.Flights.Signals.Listen(key);
        try
        {
            for (var round = 0; ; round++)
            {
                var change = signal.Next;
                flight.IsWaiting = false; // what it reads now may be out of date before it is here
                var answer = await AskAsync(flight, terms, pattern, isForced: round == MaximumRounds).ConfigureAwait(false);
                if (answer.Kind is not (RemoteAnswerKind.Leased or RemoteAnswerKind.Changed) || round == MaximumRounds)
                {
                    return answer;
                }

                if (answer.Kind == RemoteAnswerKind.Leased)
                {
                    await WaitForAsync(change, flight, answer.LeaseLeft, pattern).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            flight.IsWaiting = false;
            parts.Flights.Signals.Leave(key, signal);
        }
    }

    private async ValueTask WaitForAsync<T>(Task change, SingleFlight<T> flight, TimeSpan limit, KeyPattern pattern)
    {
        flight.IsWaiting = true;
        pattern.Waited();
        try
        {
            await change.WaitAsync(limit, time.Provider, flight.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // the lease has ended: its holder may be gone
        }
    }

    /// <summary>Steps 3 and 4.</summary>
    /// <param name="flight">The flight.</param>
    /// <param name="terms">Its terms.</param>
    /// <param name="pattern">Its counters.</param>
    /// <param name="isForced">Whether what is there does not count, an entry or another's lease.</param>
    private async ValueTask<RemoteAnswer> AskAsync<T>(SingleFlight<T> flight, EntryTerms terms, KeyPattern pattern, bool isForced)
    {
        var key = flight.Key;
        var answer = Nothing;
        if (key.ReadsRemote && !isForced)
        {
            var asked = Moment;
            answer = await remote!.ReadAsync(key.Key, flight.Tags, flight.Token).ConfigureAwait(false);
            Time(answer, asked, pattern);
        }

        return await ClaimAsync(flight, answer, terms, pattern).ConfigureAwait(false);
    }

    /// <summary>Step 4, where the answer of step 3 calls for it.</summary>
    public async ValueTask<RemoteAnswer> ClaimAsync<T>(SingleFlight<T> flight, RemoteAnswer answer, EntryTerms terms, KeyPattern pattern)
    {
        answer = await LeaseAsync(flight, answer, terms, pattern).ConfigureAwait(false);
        Overtake(flight, answer, replaces: flight.Key.WritesLocal);
        return answer;
    }

    private async ValueTask<RemoteAnswer> LeaseAsync<T>(SingleFlight<T> flight, RemoteAnswer answer, EntryTerms terms, KeyPattern pattern)
    {
        var key = flight.Key;
        var isUseless = answer.Kind == RemoteAnswerKind.Hit && !IsOfSchema<T>(answer.Entry);
        if ((answer.Kind != RemoteAnswerKind.Missing && !isUseless) || !key.WritesRemote)
        {
            return answer;
        }

        if (TryKeepStale(flight, answer, terms, pattern)
            && await remote!.RenewAsync(key.Key, answer.Mark, flight.Token).ConfigureAwait(false) is { Kind: not RemoteAnswerKind.Missing } renewal)
        {
            return renewal;
        }

        return await remote!.LeaseAsync(key.Key, flight.Tags, answer.Entry.Stamp, flight.Token).ConfigureAwait(false);
    }

    // The server does not tell this process of its own changes: those who wait here are told by these.
    private async ValueTask<bool?> FillAsync(string key, RemoteLease lease, RemoteEntry entry, TimeSpan lifetime)
    {
        var sent = time.Provider.GetTimestamp();
        var isStored = await remote!.FillAsync(key, lease, entry, lifetime).ConfigureAwait(false);
        if (isStored is not null)
        {
            parts.Patterns.Remote.Writes.Add(time.Provider.GetElapsedTime(sent));
        }

        parts.Flights.Signals.Fire(key);
        return isStored;
    }

    private async ValueTask ReleaseAsync(string key, RemoteLease lease)
    {
        await remote!.ReleaseAsync(key, lease).ConfigureAwait(false);
        parts.Flights.Signals.Fire(key);
    }

    /// <summary>Goes no further for nobody.</summary>
    private static void ThrowIfAbandoned(SingleFlight flight)
    {
        if (flight.IsCancelled)
        {
            throw new OperationCanceledException(flight.Token);
        }
    }

    /// <summary>Steps 5 to 7.</summary>
    private async ValueTask<Landing<T>> FetchAsync<TState, T>(
        SingleFlight<T> flight,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        EntryTerms terms,
        KeyPattern pattern,
        RemoteLease? lease,
        bool isAway,
        bool servesStale)
    {
        T value;
        CacheEntryContext? context;
        var began = time.Provider.GetTimestamp();
        var cockpit = FlightTable.Enter(flight);
        try
        {
            if (Pending is null && terms.Source is { Hard: null, NotFoundWhen: null })
            {
                pattern.Ran();
                value = await factory(state, flight.Token).ConfigureAwait(false); // what the branch below comes to, without its detours
                sources.Outages.Answered(pattern);
                context = (state as IContextSource)?.Context;
            }
            else
            {
                (value, context) = await ReadAsync(flight, state, factory, terms, pattern).ConfigureAwait(false);
            }
        }
        catch (Exception failure) // whatever the source throws; where nothing is kept that can be served, it goes to the callers
        {
            pattern.Failed();
            if (lease is not null)
            {
                await remote!.FailAsync(flight.Key.Key, lease, flight.IsAbandoned ? TimeSpan.Zero : terms.Source.Throttle).ConfigureAwait(false);
                parts.Flights.Signals.Fire(flight.Key.Key);
            }

            if (servesStale && !flight.IsAbandoned && StaleOf(flight, terms, terms.Source.Throttle) is { } stale)
            {
                sources.Outages.Failed(pattern, failure);
                return stale;
            }

            throw;
        }
        finally
        {
            pattern.SourceTook(time.Provider.GetElapsedTime(began));
            cockpit.Empty();
            flight.Seal();
        }

        return lease is null
            ? StoreHere(flight, value, terms, pattern, isAway, context)
            : await StoreSharedAsync(flight, value, terms, pattern, lease, context).ConfigureAwait(false);
    }

    /// <summary>Step 5.</summary>
    private async ValueTask<(T Value, CacheEntryContext? Context)> ReadAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms, KeyPattern pattern)
    {
        var pending = Pending is null ? PendingLookup<T>.None : await Pending.FindAsync<T>(flight.Key.Key, flight.Token).ConfigureAwait(false);
        if (pending.Found)
        {
            return (pending.Value!, null);
        }

        pattern.Ran();
        var value = await RunAsync(flight, state, factory, terms, pattern).ConfigureAwait(false);
        sources.Outages.Answered(pattern);
        return (value, pending.IsKnown ? (state as IContextSource)?.Context : Unkept);
    }

    private async ValueTask<T> RunAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms, KeyPattern pattern)
    {
        try
        {
            return terms.Source.Hard is { } limit
                ? await sources.Guard.RunAsync(flight, state, factory, limit, pattern).ConfigureAwait(false)
                : await factory(state, flight.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (default(T) is null && terms.Source.NotFoundWhen?.Invoke(failure) == true)
        {
            return default!;
        }
    }
}
