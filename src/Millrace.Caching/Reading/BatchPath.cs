using Millrace.Caching.FailSafe;
using Millrace.Caching.Flight;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local;
using Millrace.Caching.Remote;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Reading;

// Several keys at once, with one factory for those that are missing:
//
//   1. L1: what it has.
//   2. Join: each other key has a flight of its own, which is joined or begun as for a single read; so one run per key holds, and invalidations
//      doom one key's flight and not the others'.
//   3. L2: asked for all keys of the flights that were begun, in one round trip. 4. Lease: of those that are missing there, at once.
//   5. Source: one run for all keys whose lease was granted. 6. and 7. store each.
//   Keys whose lease another process has are waited for, and asked for again.
internal sealed class BatchPath(
    bool enabled,
    ReadPath reads,
    (LocalStore Local, FlightTable Flights, InvalidationLedger Ledger, KeyPatterns Patterns) parts,
    SecondLevel? remote,
    SourcePath source,
    (SourceGuard Guard, SourceOutages Outages) sources,
    EntryPath entries,
    Policies policies,
    (CacheClock Clock, TimeProvider Provider) time)
{
    private const int MaximumRounds = 8; // of asking and waiting, before the source is read without a lease

    public async ValueTask<Dictionary<string, T?>> ReadAsync<TState, T>(
        IReadOnlyCollection<string> wanted,
        TState state,
        Func<TState, IReadOnlyList<string>, CancellationToken, ValueTask<IReadOnlyDictionary<string, T>>> factory,
        CachePolicy policy,
        string[] tags,
        CancellationToken cancellationToken)
    {
        // 1. L1
        var found = new Dictionary<string, T?>(wanted.Count, StringComparer.Ordinal);
        var missing = entries.Missing(wanted, found, reads.Take<T>);
        if (missing.Count == 0)
        {
            return found;
        }

        if (!enabled)
        {
            missing = await TakePendingAsync(missing, found, cancellationToken).ConfigureAwait(false);
            if (missing.Count > 0)
            {
                foreach (var (key, value) in await factory(state, missing, cancellationToken).ConfigureAwait(false))
                {
                    found[key] = value;
                }
            }

            return found;
        }

        // 2. Join
        var terms = policies.Resolve(policy, call: null);
        var flights = Board<T>(missing, tags);
        var started = flights.FindAll(static flight => flight.IsStarted).ConvertAll(static flight => flight.Flight);
        if (started.Count > 0)
        {
            _ = FlyAsync(started, state, factory, terms); // never throws: what happens, happens to the flights
        }

        var landings = await Task.WhenAll(flights.Select(flight => reads.WaitAsync(flight.Flight, flight.Flight.Landing, terms, cancellationToken).AsTask())).ConfigureAwait(false);
        for (var i = 0; i < landings.Length; i++)
        {
            var landing = landings[i];
            if (landing.IsStale)
            {
                parts.Patterns.Of(missing[i]).StaleHit();
            }
            else if (landing.IsOvertaken)
            {
                source.Supersede(missing[i]); // it is served all the same: the others of the batch do not wait for another read
            }

            if (!landing.IsAbsent)
            {
                found[missing[i]] = flights[i].IsStarted && landing.HasOriginal ? landing.Original : landing.Entry.Read();
            }
        }

        return found;
    }

    private List<(SingleFlight<T> Flight, bool IsStarted)> Board<T>(List<string> missing, string[] tags)
    {
        var flights = new List<(SingleFlight<T> Flight, bool IsStarted)>(missing.Count);
        try
        {
            foreach (var key in missing)
            {
                var (flight, isStarted) = reads.Board<T>(new FlightKey(key, FlightLevels.All), tags, isCancellable: true);
                _ = flight.Landing; // before it flies
                flights.Add((flight, isStarted));
                var pattern = parts.Patterns.Of(key);
                pattern.Missed();
                if (!isStarted)
                {
                    pattern.Joined();
                }
            }
        }
        catch (InvalidOperationException failure) // a key is being filled with another type
        {
            foreach (var (flight, isStarted) in flights)
            {
                if (isStarted)
                {
                    parts.Flights.Ended(flight);
                    flight.Fail(failure);
                }
                else if (flight.Leave())
                {
                    reads.Abandon(flight);
                }
            }

            throw;
        }

        return flights;
    }

    private async Task FlyAsync<TState, T>(
        List<SingleFlight<T>> flights,
        TState state,
        Func<TState, IReadOnlyList<string>, CancellationToken, ValueTask<IReadOnlyDictionary<string, T>>> factory,
        EntryTerms terms)
    {
        parts.Flights.Tie(flights[0], flights.Skip(1));
        var cockpit = FlightTable.Enter(flights[0]);
        var pending = new HashSet<SingleFlight<T>>(flights);
        try
        {
            LandWhatIsHere(pending);
            var granted = remote is null
                ? pending.ToList().ConvertAll(static flight => (flight, default(RemoteLease), false))
                : pending.Count == 0 ? [] : await AskAsync(pending, terms).ConfigureAwait(false);
            for (var round = 0; granted.Count > 0 || pending.Count > 0; round++)
            {
                if (granted.Count > 0)
                {
                    await FetchAsync(granted, pending, state, factory, terms).ConfigureAwait(false);
                }

                granted = pending.Count == 0 ? []
                    : round < MaximumRounds ? await AskAsync(pending, terms).ConfigureAwait(false)
                    : [.. pending.Select(static flight => (flight, default(RemoteLease), false))];
            }
        }
        catch (Exception failure) // the source's: it goes to all who wait
        {
            foreach (var flight in pending)
            {
                parts.Flights.Ended(flight);
                flight.Fail(failure);
            }
        }

        cockpit.Empty();
        flights.ForEach(static flight => flight.Dispose());
    }

    /// <summary>Earlier flights may have landed between steps 1 and 2.</summary>
    private void LandWhatIsHere<T>(HashSet<SingleFlight<T>> pending)
    {
        foreach (var flight in pending.ToArray())
        {
            if (parts.Local.Find(flight.Key.Key, time.Clock.Now) is Entry<T> entry)
            {
                Land(flight, new Landing<T>(entry, default, HasOriginal: false), pending);
            }
        }
    }

    /// <summary>Steps 3 and 4. What L2 has lands; returned are those whose source is to be read, and where others have all leases, none, after a wait.</summary>
    private async ValueTask<List<(SingleFlight<T> Flight, RemoteLease? Lease, bool IsAway)>> AskAsync<T>(HashSet<SingleFlight<T>> pending, EntryTerms terms)
    {
        foreach (var flight in pending.Where(static flight => flight.IsAbandoned).ToArray())
        {
            End(flight, pending);
            flight.Fail(new OperationCanceledException(flight.Token)); // to nobody: every reader has gone
        }

        var asked = pending.ToList();
        if (asked.Count == 0)
        {
            return [];
        }

        var listening = asked.ConvertAll(flight => parts.Flights.Signals.Listen(flight.Key.Key));
        try
        {
            return await AskAsync(asked, listening.ConvertAll(static signal => signal.Next), pending, terms).ConfigureAwait(false);
        }
        finally
        {
            for (var i = 0; i < asked.Count; i++)
            {
                parts.Flights.Signals.Leave(asked[i].Key.Key, listening[i]);
            }
        }
    }

    private async ValueTask<List<(SingleFlight<T> Flight, RemoteLease? Lease, bool IsAway)>> AskAsync<T>(
        List<SingleFlight<T>> asked, List<Task> changes, HashSet<SingleFlight<T>> pending, EntryTerms terms)
    {
        var keys = asked.ConvertAll(static flight => flight.Key.Key);
        await remote!.ReadyAsync(keys, CancellationToken.None).ConfigureAwait(false);
        var sent = time.Provider.GetTimestamp();
        var answers = await remote.ReadManyAsync(keys, asked[0].Tags, CancellationToken.None).ConfigureAwait(false);
        for (var i = 0; i < answers.Length; i++)
        {
            source.Time(answers[i], sent, parts.Patterns.Of(keys[i]));
        }

        var claims = await Task.WhenAll(asked.Select((flight, i) => ClaimAsync(flight, answers[i], terms))).ConfigureAwait(false);
        List<(SingleFlight<T>, RemoteLease?, bool)> granted = [];
        List<(SingleFlight<T> Flight, Task Change, TimeSpan Limit)> waits = [];
        for (var i = 0; i < claims.Length; i++)
        {
            var (flight, claim, pattern) = (asked[i], claims[i], parts.Patterns.Of(asked[i].Key.Key));
            if (claim.Kind == RemoteAnswerKind.Hit && source.Restore(flight, claim.Entry, terms, pattern) is { } landing)
            {
                Land(flight, landing, pending);
            }
            else if (claim.Kind == RemoteAnswerKind.Failing && source.StaleOf(flight, terms, claim.LeaseLeft) is { } stale)
            {
                Land(flight, stale, pending);
            }
            else if (claim.Kind == RemoteAnswerKind.Leased)
            {
                pattern.Waited();
                waits.Add((flight, changes[i], claim.LeaseLeft));
            }
            else if (claim.Kind != RemoteAnswerKind.Changed)
            {
                granted.Add((flight, claim.Lease, claim.Kind == RemoteAnswerKind.Unavailable));
            }
        }

        if (granted.Count == 0)
        {
            await Task.WhenAll(waits.Select(wait => WaitAsync(wait.Flight, wait.Change, wait.Limit))).ConfigureAwait(false);
        }

        return granted;
    }

    private async Task<RemoteAnswer> ClaimAsync<T>(SingleFlight<T> flight, RemoteAnswer answer, EntryTerms terms)
    {
        try
        {
            return await source.ClaimAsync(flight, answer, terms, parts.Patterns.Of(flight.Key.Key)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (flight.IsAbandoned)
        {
            return new RemoteAnswer(RemoteAnswerKind.Changed); // nobody waits for this one; others of the batch go on
        }
    }

    private async Task WaitAsync<T>(SingleFlight<T> flight, Task change, TimeSpan limit)
    {
        flight.IsWaiting = true; // it holds no value
        try
        {
            await change.WaitAsync(limit, time.Provider, flight.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // the lease has ended: its holder may be gone
        }
        catch (OperationCanceledException) when (flight.IsAbandoned)
        {
            // as above
        }
        finally
        {
            flight.IsWaiting = false;
        }
    }

    /// <summary>Steps 5 to 7.</summary>
    private async ValueTask FetchAsync<TState, T>(
        List<(SingleFlight<T> Flight, RemoteLease? Lease, bool IsAway)> granted,
        HashSet<SingleFlight<T>> pending,
        TState state,
        Func<TState, IReadOnlyList<string>, CancellationToken, ValueTask<IReadOnlyDictionary<string, T>>> factory,
        EntryTerms terms)
    {
        if (source.Pending is not null && (granted = await LandPendingAsync(granted, pending, source.Pending, terms).ConfigureAwait(false)).Count == 0)
        {
            return;
        }

        var pattern = parts.Patterns.Of(granted[0].Flight.Key.Key);
        pattern.Ran();
        var began = time.Provider.GetTimestamp();
        IReadOnlyDictionary<string, T> values;
        try
        {
            values = await RunAsync(granted.ConvertAll(static grant => grant.Flight), state, factory, terms, pattern).ConfigureAwait(false);
        }
        catch (Exception failure) // whatever the source throws; where nothing is kept that can be served, it goes to the callers
        {
            pattern.Failed();
            await Task.WhenAll(granted.Select(grant => FailAsync(grant.Flight, grant.Lease, failure, pending, terms))).ConfigureAwait(false);
            return;
        }
        finally
        {
            granted.ForEach(grant => parts.Patterns.Of(grant.Flight.Key.Key).SourceTook(time.Provider.GetElapsedTime(began)));
            granted.ForEach(static grant => grant.Flight.Seal());
        }

        sources.Outages.Answered(pattern);
        await Task.WhenAll(granted.Select(grant => StoreAsync(grant, values, pending, terms))).ConfigureAwait(false);
    }

    /// <summary>Values that wait to be written to the source are newer than the source's: their flights land. What may wait unseen is not kept.</summary>
    /// <returns>Those whose source is to be read.</returns>
    private async ValueTask<List<(SingleFlight<T> Flight, RemoteLease? Lease, bool IsAway)>> LandPendingAsync<T>(
        List<(SingleFlight<T> Flight, RemoteLease? Lease, bool IsAway)> granted, HashSet<SingleFlight<T>> pending, IPendingValues values, EntryTerms terms)
    {
        var lookups = await Task.WhenAll(granted.Select(grant => values.FindAsync<T>(grant.Flight.Key.Key, CancellationToken.None).AsTask())).ConfigureAwait(false);
        List<(SingleFlight<T>, RemoteLease?, bool)> left = [];
        for (var i = 0; i < lookups.Length; i++)
        {
            var (flight, lease, isAway) = granted[i];
            if (lookups[i].Found)
            {
                flight.Seal();
                await StoreAsync(granted[i], new Dictionary<string, T>(StringComparer.Ordinal) { [flight.Key.Key] = lookups[i].Value! }, pending, terms).ConfigureAwait(false);
                continue;
            }

            if (!lookups[i].IsKnown)
            {
                parts.Local.Doom(flight);
                if (lease is not null)
                {
                    await remote!.ReleaseAsync(flight.Key.Key, lease).ConfigureAwait(false);
                    lease = null;
                }
            }

            left.Add((flight, lease, isAway));
        }

        return left;
    }

    /// <summary>The same for a cache that is switched off.</summary>
    private async ValueTask<List<string>> TakePendingAsync<T>(List<string> missing, Dictionary<string, T?> found, CancellationToken cancellationToken)
    {
        if (source.Pending is null)
        {
            return missing;
        }

        var lookups = await Task.WhenAll(missing.Select(key => source.Pending.FindAsync<T>(key, cancellationToken).AsTask())).ConfigureAwait(false);
        for (var i = 0; i < lookups.Length; i++)
        {
            if (lookups[i].Found)
            {
                found[missing[i]] = lookups[i].Value;
            }
        }

        return missing.FindAll(key => !found.ContainsKey(key));
    }

    private async ValueTask<IReadOnlyDictionary<string, T>> RunAsync<TState, T>(
        List<SingleFlight<T>> flights,
        TState state,
        Func<TState, IReadOnlyList<string>, CancellationToken, ValueTask<IReadOnlyDictionary<string, T>>> factory,
        EntryTerms terms,
        KeyPattern pattern)
    {
        var cancellation = new CancellationTokenSource(); // not disposed: a factory that is left alone goes on to look at it
        var left = flights.Count;
        var abandonments = flights.ConvertAll(flight => flight.Token.UnsafeRegister(_ => Leave(), state: null));
        try
        {
            IReadOnlyList<string> keys = flights.ConvertAll(static flight => flight.Key.Key);
            return terms.Source.Hard is { } limit
                ? await sources.Guard.RunAsync(flights[0].Key, Cancel, (state, keys, factory), RunOnce, limit, pattern, cancellation.Token).ConfigureAwait(false)
                : await factory(state, keys, cancellation.Token).ConfigureAwait(false);
        }
        finally
        {
            abandonments.ForEach(static abandonment => abandonment.Unregister());
        }

        void Leave()
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                Cancel(); // every reader of every key has gone
            }
        }

        void Cancel() => _ = cancellation.CancelAsync(); // the callbacks are the factory's, and so are their exceptions

        static ValueTask<IReadOnlyDictionary<string, T>> RunOnce(
            (TState State, IReadOnlyList<string> Keys, Func<TState, IReadOnlyList<string>, CancellationToken, ValueTask<IReadOnlyDictionary<string, T>>> Factory) run,
            CancellationToken token) => run.Factory(run.State, run.Keys, token);
    }

    private async Task FailAsync<T>(SingleFlight<T> flight, RemoteLease? lease, Exception failure, HashSet<SingleFlight<T>> pending, EntryTerms terms)
    {
        if (lease is not null)
        {
            await remote!.FailAsync(flight.Key.Key, lease, flight.IsAbandoned ? TimeSpan.Zero : terms.Source.Throttle).ConfigureAwait(false);
            parts.Flights.Signals.Fire(flight.Key.Key);
        }

        if (source.StaleOf(flight, terms, terms.Source.Throttle) is { } stale)
        {
            sources.Outages.Failed(parts.Patterns.Of(flight.Key.Key), failure);
            Land(flight, stale, pending);
        }
        else
        {
            End(flight, pending);
            flight.Fail(failure);
        }
    }

    private async Task StoreAsync<T>(
        (SingleFlight<T> Flight, RemoteLease? Lease, bool IsAway) grant, IReadOnlyDictionary<string, T> values, HashSet<SingleFlight<T>> pending, EntryTerms terms)
    {
        var (flight, lease, isAway) = grant;
        var pattern = parts.Patterns.Of(flight.Key.Key);
        try
        {
            if (values.TryGetValue(flight.Key.Key, out var value))
            {
                var landing = await source.StoreAsync(flight, value, terms, pattern, lease, isAway, context: null).ConfigureAwait(false);
                Land(flight, landing, pending);
                return;
            }

            var nothing = await source.StoreAsync(flight, default(T)!, terms, pattern, lease, isAway: false, SourcePath.Unkept).ConfigureAwait(false);
            Land(flight, nothing with { IsAbsent = true }, pending);
        }
        catch (Exception failure) // this value cannot be stored; the others can
        {
            End(flight, pending);
            flight.Fail(failure);
        }
    }

    private void Land<T>(SingleFlight<T> flight, in Landing<T> landing, HashSet<SingleFlight<T>> pending)
    {
        var approved = source.Approve(flight, landing);
        End(flight, pending);
        flight.Land(approved);
    }

    private void End<T>(SingleFlight<T> flight, HashSet<SingleFlight<T>> pending)
    {
        lock (pending)
        {
            pending.Remove(flight);
        }

        parts.Flights.Ended(flight);
    }
}
