using System.Collections.Concurrent;
using Millrace.Caching.Local;

namespace Millrace.Caching.Flight;

// The flights in progress: at most one per FlightKey that callers can join.
//
// A flight leaves the table when it lands, when its last waiter goes, when its key is invalidated or set, and when a caller arrives for whom an
// invalidation has covered it. In all cases but the first it is doomed at the same time, under the store's lock: a flight that the table does not
// know could not be doomed later, so it must not store.
//
// A factory may read other keys. If flight A's factory waits for flight B, then B must not come to wait for A, in one caller or through several:
// nobody would ever land. Every wait that begins inside a factory (known by an AsyncLocal) is therefore an edge in a graph, and the wait that
// would close a circle fails with an exception that names the keys. The graph has one lock; only factories that read the cache take it.
internal sealed class FlightTable : IPendingReads
{
    private readonly ConcurrentDictionary<FlightKey, SingleFlight> _flights = new();
    private readonly Lock _graph = new(); // guards SingleFlight.Awaited of all flights
    private static readonly AsyncLocal<Cockpit?> Innermost = new(); // the flight whose factory is running here
    private int _inProgress;
    private int _partial; // of these, those that leave out a level

    public int InProgress => Volatile.Read(ref _inProgress);

    public SingleFlight? Find(in FlightKey key) => _flights.GetValueOrDefault(key);

    /// <summary>Enters a flight, in place of <paramref name="replaced"/> if that is not null; false when another caller was faster.</summary>
    public bool TryEnter(SingleFlight flight, SingleFlight? replaced)
    {
        if (flight.Key.Levels != FlightLevels.All)
        {
            Interlocked.Increment(ref _partial); // before it can be found
        }

        var entered = replaced is null ? _flights.TryAdd(flight.Key, flight) : _flights.TryUpdate(flight.Key, flight, replaced);
        if (entered)
        {
            Interlocked.Increment(ref _inProgress);
        }
        else if (flight.Key.Levels != FlightLevels.All)
        {
            Interlocked.Decrement(ref _partial);
        }

        return entered;
    }

    /// <summary>Takes a flight out, so that the next caller starts another.</summary>
    public void Leave(SingleFlight flight) => _flights.TryRemove(KeyValuePair.Create(flight.Key, flight));

    /// <summary>Notes that the factory of a flight has ended.</summary>
    public void Ended(SingleFlight flight)
    {
        Leave(flight);
        Interlocked.Decrement(ref _inProgress);
        if (flight.Key.Levels != FlightLevels.All)
        {
            Interlocked.Decrement(ref _partial);
        }
    }

    /// <summary>Who waits for changes of keys.</summary>
    public ChangeSignals Signals { get; } = new();

    /// <inheritdoc />
    public void Doom(string key)
    {
        ForEach(key, state: 0, static (flights, _, flight) => flights.DoomOne(flight));
        Signals.Fire(key);
    }

    /// <inheritdoc />
    public void Change(string key, PendingRead? except)
    {
        ForEach(key, except, static (flights, except, flight) =>
        {
            if (!flight.IsWaiting && flight != except)
            {
                flights.DoomOne(flight);
            }
        });
        Signals.Fire(key);
    }

    /// <inheritdoc />
    public bool HasOther(string key, PendingRead read)
    {
        var has = false;
        ForEach(key, read, (_, read, flight) => has |= flight != read);
        return has;
    }

    private void ForEach<TState>(string key, TState state, Action<FlightTable, TState, SingleFlight> act)
    {
        // A flight that enters at this moment is not counted yet, and its factory has not begun: what it brings is newer than what dooms here.
        if (InProgress == 0)
        {
            return;
        }

        for (var levels = FlightLevels.All; ; levels--)
        {
            if (_flights.TryGetValue(new FlightKey(key, levels), out var flight))
            {
                act(this, state, flight);
            }

            if (levels == FlightLevels.None || Volatile.Read(ref _partial) == 0)
            {
                return; // nobody flies past some of the levels
            }
        }
    }

    /// <summary>From here on, in this asynchronous method and what it calls, the factory of <paramref name="flight"/> is running, until the result is emptied.</summary>
    public static Cockpit Enter(SingleFlight flight) => Innermost.Value = new Cockpit { Flight = flight };

    /// <summary>Notes that the factory running here, if one is, waits for <paramref name="flight"/>; returns the flight that waits, for <see cref="EndWait"/>.</summary>
    /// <exception cref="InvalidOperationException">The wait would never end.</exception>
    public SingleFlight? BeginWait(SingleFlight flight)
    {
        if (Innermost.Value?.Flight is not { } waiting)
        {
            return null;
        }

        lock (_graph)
        {
            if (Reaches(flight, waiting))
            {
                throw new InvalidOperationException(
                    $"The factory for cache key '{waiting.Key.Key}' waits for key '{flight.Key.Key}', whose factory waits for '{waiting.Key.Key}': "
                    + "neither would ever finish. A factory must not read, directly or through others, the key that it makes.");
            }

            (waiting.Awaited ??= []).Add(flight);
        }

        return waiting;
    }

    /// <summary>Flights that one factory brings: who waits for one of them from inside it waits for the one whose factory is said to run.</summary>
    public void Tie(SingleFlight running, IEnumerable<SingleFlight> others)
    {
        lock (_graph)
        {
            foreach (var other in others)
            {
                (other.Awaited ??= []).Add(running);
            }
        }
    }

    public void EndWait(SingleFlight? waiting, SingleFlight flight)
    {
        if (waiting is not null)
        {
            lock (_graph)
            {
                waiting.Awaited!.Remove(flight);
            }
        }
    }

    private static bool Reaches(SingleFlight from, SingleFlight target)
    {
        if (from == target)
        {
            return true;
        }

        foreach (var next in from.Awaited ?? [])
        {
            if (Reaches(next, target)) // no circle is ever let in, so this ends
            {
                return true;
            }
        }

        return false;
    }

    private void DoomOne(SingleFlight flight)
    {
        flight.Doomed = true;
        Leave(flight);
    }
}
