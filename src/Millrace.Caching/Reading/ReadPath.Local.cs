using Millrace.Caching.FailSafe;
using Millrace.Caching.Flight;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Reading;

// Steps 2, 5 and 7 for most misses of a cache that stands alone: nobody is at the source yet, the policy says nothing of how the source may fail, and the
// source answers without waiting. No task is made, and no state is kept. Whatever turns out otherwise goes on
// there.
internal sealed partial class ReadPath
{
    private ValueTask<T> ReadLocalAsync<TState, T>(
        string key, int hash, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CachePolicy? policy, IEnumerable<string>? tags, CancellationToken cancellationToken)
    {
        var terms = _policies.Resolve(policy, call: null);
        if (!_enabled || Pending is not null || state is IContextSource || !ReferenceEquals(terms.Source, SourceTerms.None) || cancellationToken.IsCancellationRequested
            || ExecutionContext.Capture() is not { } context)
        {
            return ReadSlowAsync(key, state, factory, policy, options: null, tags, cancellationToken);
        }

        SingleFlight<T>? flight;
        var now = _clock.Now;
        try
        {
            _keys.CheckKey(key);
            var entryTags = _keys.EntryTags(tags);
            flight = _flights.TryBegin<T>(
                new FlightKey(key, FlightLevels.All), hash, entryTags, _ledger.Sequence, _order.Next(), cancellationToken.CanBeCanceled, now);
        }
        catch (Exception failure) // the caller's names, or his enumeration of them
        {
            return ValueTask.FromException<T>(failure);
        }

        if (flight is null)
        {
            return ReadSlowAsync(key, state, factory, policy, options: null, tags, cancellationToken); // to join
        }

        var pattern = _patterns.Of(key);
        var isHere = _local.Find(key, hash, now) is not null; // an earlier flight may have landed since step 1
        var running = isHere ? default : Run(flight, state, factory, context, pattern);
        if (!isHere && running.IsCompletedSuccessfully)
        {
#pragma warning disable RS0030 // it has ended
            var value = running.Result;
#pragma warning restore RS0030
            try
            {
                return TryLand(flight, value, terms, pattern)
                    ? new ValueTask<T>(value)
                    : ReadSlowAsync(key, state, factory, policy, options: null, tags, cancellationToken, overtaken: 1);
            }
            catch (Exception failure) // the value cannot be stored
            {
                pattern.Missed();
                pattern.Ran();
                _flights.Ended(flight);
                flight.Fail(failure);
                return ValueTask.FromException<T>(failure);
            }
        }

        var landing = isHere
            ? StartAsync(flight, state, factory, terms, pattern, isUnderWay: false, cancellationToken)
            : StartAsync(flight, running, static (running, _) => running, terms, pattern, isUnderWay: true, cancellationToken);
        return ServeAsync(landing, flight, started: true, key, state, factory, policy, options: null, tags, overtaken: 0, cancellationToken);
    }

    /// <summary>Step 7; false where the value must not be served, because the key was invalidated meanwhile and others may have read what is older.</summary>
    private bool TryLand<T>(SingleFlight<T> flight, T value, in EntryTerms terms, KeyPattern pattern)
    {
        _source.Answered(pattern);
        if (_source.TryLand(flight, value, terms, pattern) is { } own)
        {
            flight.Dispose();
            _flights.Return(flight);
            return !own.IsOvertaken;
        }

        flight.Seal();
        var landing = _source.Approve(flight, _source.StoreHere(flight, value, terms, pattern, isAway: false, context: null));
        pattern.Missed();
        pattern.Ran();
        _flights.Ended(flight);
        flight.Land(landing);
        flight.Dispose();
        return !landing.IsOvertaken;
    }

    /// <summary>The factory, known to what it calls as that of the flight, and its caller not.</summary>
    private ValueTask<T> Run<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, ExecutionContext context, KeyPattern pattern)
    {
        var cockpit = FlightTable.Enter(flight);
        ValueTask<T> running;
        try
        {
            running = factory(state, flight.Token);
        }
        catch (Exception failure)
        {
            running = ValueTask.FromException<T>(failure);
        }

        ExecutionContext.Restore(context);
        if (!running.IsCompletedSuccessfully)
        {
            return RunOnAsync(running, cockpit);
        }

        cockpit.Empty();
        if (_clock.Now - flight.StartedAt is var took and > 0) // in the units of a clock that moves every few milliseconds
        {
            pattern.SourceTook(_clock.Span(took));
        }

        return running;
    }

    private static async ValueTask<T> RunOnAsync<T>(ValueTask<T> running, Cockpit cockpit)
    {
        try
        {
            return await running.ConfigureAwait(false);
        }
        finally
        {
            cockpit.Empty();
        }
    }
}
