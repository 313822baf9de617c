using System.Runtime.CompilerServices;
using Millrace.Caching.Flight;
using Millrace.Caching.Local;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Reading;

/// <summary>Flights: who joins one, who begins one, and how their beginner waits.</summary>
internal sealed partial class ReadPath
{
    /// <summary>Step 2.</summary>
    public (SingleFlight<T> Flight, bool Started) Board<T>(in FlightKey key, string[] tags, bool isCancellable)
    {
        if (_flights.TryBegin<T>(key, _local.HashOf(key.Key), tags, _ledger.Sequence, _order.Next(), isCancellable, _clock.Now) is { } first)
        {
            return (first, true); // nobody reads the key, most of the time
        }

        while (true)
        {
            var found = _flights.Find(key);
            if (found is not null && !_ledger.Covers(found.Stamp, -1, key.Key, found.Tags) && !_ledger.Covers(found.Stamp, -1, key.Key, tags))
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

            var own = new SingleFlight<T>(key, tags, _ledger.Sequence, _order.Next(), isCancellable) { StartedAt = _clock.Now };
            if (_flights.TryEnter(own, found))
            {
                return (own, true);
            }

            own.Dispose();
        }
    }

    /// <summary>Flies, and tells those who have joined what came of it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Landing<T>> FlyAsync<TState, T>(
        SingleFlight<T> flight, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryTerms terms, KeyPattern pattern, bool isUnderWay = false)
    {
        try
        {
            // 3 to 7
            Landing<T> landing;
            if (!isUnderWay && flight.Key.ReadsLocal && _local.Find(flight.Key.Key, _clock.Now) is { } entry)
            {
                pattern.Hit();
                landing = new Landing<T>(Typed<T>(entry), default, HasOriginal: false);
            }
            else
            {
                CountMiss(pattern, flight.Key);
                if (_remote is not null && flight.Key.ReadsRemote && _remote.IsAvailableFor(flight.Key.Key)) // as BringAsync does, without a method in between
                {
                    var asked = _source.Moment;
                    var answer = await _remote.ReadAsync(flight.Key.Key, flight.Tags, CancellationToken.None).ConfigureAwait(false);
                    _source.Time(answer, asked, pattern);
                    if (_source.TryLand(flight, answer, terms, pattern) is { } landed)
                    {
                        return Land(flight, landed);
                    }

                    landing = await _source.BringAsync(flight, answer, state, factory, terms, pattern).ConfigureAwait(false);
                }
                else
                {
                    landing = await _source.BringAsync(flight, state, factory, terms, pattern).ConfigureAwait(false);
                }

                landing = _source.Approve(flight, landing);
            }

            _flights.Ended(flight);
            return Land(flight, landing);
        }
        catch (Exception failure) // the factory's, or its value's: it goes to all who wait
        {
            _flights.Ended(flight);
            flight.Fail(failure);
            throw;
        }
        finally
        {
            flight.Dispose();
        }
    }

    private static Landing<T> Land<T>(SingleFlight<T> flight, in Landing<T> landing)
    {
        flight.Land(landing);
        return flight.HasWaiters ? landing : SourcePath.Own(landing);
    }

    /// <summary>Begins a flight, and waits for it as its beginner.</summary>
    private ValueTask<Landing<T>> StartAsync<TState, T>(
        SingleFlight<T> flight,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        EntryTerms terms,
        KeyPattern pattern,
        bool isUnderWay,
        CancellationToken cancellationToken)
    {
        var mayLeave = cancellationToken.CanBeCanceled || terms.Source.Soft is not null;
        var own = mayLeave ? flight.Own : null;
        var flying = FlyAsync(flight, state, factory, terms, pattern, isUnderWay);
        if (flying.IsCompleted)
        {
            return flying; // the source answered without waiting
        }

        if (own is null)
        {
            return Stay(flight, flying);
        }

        _ = LetFlyAsync(flying);
        return WaitAsync(flight, own, terms, cancellationToken);
    }

    /// <summary>Waits for a flight as its beginner, who stays to the end.</summary>
    private ValueTask<Landing<T>> Stay<T>(SingleFlight<T> flight, ValueTask<Landing<T>> flying)
    {
        try
        {
            return _flights.BeginWait(flight) is { } waiting ? StayAsync(flight, waiting, flying) : flying;
        }
        catch (InvalidOperationException failure) // it would never end
        {
            if (flight.Leave())
            {
                Abandon(flight);
            }

            return ValueTask.FromException<Landing<T>>(failure);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask<Landing<T>> StayAsync<T>(SingleFlight<T> flight, SingleFlight waiting, ValueTask<Landing<T>> flying)
    {
        try
        {
            return await flying.ConfigureAwait(false);
        }
        finally
        {
            _flights.EndWait(waiting, flight);
        }
    }

    private static async Task LetFlyAsync<T>(ValueTask<Landing<T>> flying)
    {
        try
        {
            await flying.ConfigureAwait(false);
        }
        catch (Exception) // has gone to all who wait
        {
        }
    }
}
