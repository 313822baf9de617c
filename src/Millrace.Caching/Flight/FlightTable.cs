using Millrace.Caching.Local;
using Millrace.Caching.Naming;

namespace Millrace.Caching.Flight;

// The flights in progress: at most one per FlightKey that callers can join.
//
// A flight leaves the table when it lands, when its last waiter goes, when its key is invalidated or set, when a caller arrives for whom an
// invalidation has covered it, and when a flight of the key that leaves out other levels is served what it may not have seen. In all cases but the first it is
// doomed at the same time, under the store's lock: a flight that the table does not know could not be doomed later, so it must not store.
//
// Flights are the nodes of the table themselves. Its lock is the store's: a miss takes it twice, for a few instructions, when the flight enters and when
// it has ended, and the second time it stores what it brings by the way.
//
// A factory may read other keys. If flight A's factory waits for flight B, then B must not come to wait for A, in one caller or through several:
// nobody would ever land. Every wait that begins inside a factory (known by an AsyncLocal) is therefore an edge in a graph, and the wait that
// would close a circle fails with an exception that names the keys. The graph has one lock; only factories that read the cache take it.
/// <param name="seed">Of the hashes of keys, the store's.</param>
/// <param name="writes">The store's lock.</param>
internal sealed class FlightTable(ulong seed, Lock writes) : IPendingReads
{
    private const int FewestBuckets = 64;

    private static readonly AsyncLocal<Cockpit?> Innermost = new(); // the flight whose factory is running here

    private readonly KeyHash _hash = new(seed);
    private readonly Lock _graph = new(); // guards SingleFlight.Awaited of all flights

    // Under the store's lock, as SingleFlight.Next and IsEntered of all flights.
    private SingleFlight?[] _buckets = new SingleFlight?[FewestBuckets]; // a power of two; two flights a bucket at most, on average
    private int _entered;
    private int _inProgress;
    private int _partial; // of these, those that leave out a level

    private SingleFlight? _spare; // one is enough for most caches, whose misses are of one type, and most of which land before the next begins

    public int InProgress => Volatile.Read(ref _inProgress);

    /// <summary>Who waits for changes of keys.</summary>
    public ChangeSignals Signals { get; } = new();

    public SingleFlight? Find(in FlightKey key)
    {
        if (InProgress == 0)
        {
            return null;
        }

        var hash = _hash.Of(key.Key);
        lock (writes)
        {
            var flight = Search(key, hash);
            flight?.IsKnown = true;
            return flight;
        }
    }

    /// <summary>
    /// Begins a flight for who knows the hash of its key, which is that of <see cref="LocalStore"/>: one that has landed unknown to others, or a new one. Null
    /// when another caller was faster.
    /// </summary>
    public SingleFlight<T>? TryBegin<T>(in FlightKey key, int hash, string[] tags, long stamp, long order, bool isCancellable, long now)
    {
        lock (writes)
        {
            if (Search(key, hash) is not null)
            {
                return null;
            }

            SingleFlight<T> flight;
            if (!isCancellable && _spare is SingleFlight<T> spare)
            {
                (flight, _spare) = (spare, null);
                flight.Renew(key, tags, stamp, order, now);
            }
            else
            {
                flight = new SingleFlight<T>(key, tags, stamp, order, isCancellable) { StartedAt = now };
            }

            Enter(flight, hash);
            return flight;
        }
    }

    /// <summary>A flight is over, and may be used again if nobody but the caller knows it.</summary>
    public void Return(SingleFlight flight)
    {
        if (flight.TryClear())
        {
            Volatile.Write(ref _spare, flight); // without the lock: at worst another is lost
        }
    }

    /// <summary>Enters a flight, in place of <paramref name="replaced"/> if that is not null; false when another caller was faster.</summary>
    public bool TryEnter(SingleFlight flight, SingleFlight? replaced)
    {
        var hash = _hash.Of(flight.Key.Key);
        lock (writes)
        {
            if (!ReferenceEquals(Search(flight.Key, hash), replaced))
            {
                return false;
            }

            if (replaced is not null)
            {
                Unlink(replaced);
            }

            Enter(flight, hash);
            return true;
        }
    }

    /// <summary>Takes a flight out, so that the next caller starts another.</summary>
    public void Leave(SingleFlight flight)
    {
        lock (writes)
        {
            Unlink(flight);
        }
    }

    /// <summary>Notes that the factory of a flight has ended.</summary>
    public void Ended(SingleFlight flight)
    {
        lock (writes)
        {
            Ended((PendingRead)flight);
        }
    }

    /// <inheritdoc />
    public void Ended(PendingRead read)
    {
        var flight = (SingleFlight)read;
        Unlink(flight);
        if (flight.Key.Levels != FlightLevels.All)
        {
            _partial--;
        }

        Volatile.Write(ref _inProgress, _inProgress - 1);
    }

    /// <inheritdoc />
    public bool AreApart => Volatile.Read(ref _partial) > 0;

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

    /// <summary>From here on, in this asynchronous method and what it calls, the factory of <paramref name="flight"/> is running, until the result is emptied.</summary>
    public static Cockpit Enter(SingleFlight flight) => Innermost.Value = new Cockpit(flight);

    /// <summary>Notes that the factory running here, if one is, waits for <paramref name="flight"/>; returns the flight that waits, for <see cref="EndWait"/>.</summary>
    /// <exception cref="InvalidOperationException">The wait would never end.</exception>
    public SingleFlight? BeginWait(SingleFlight flight)
    {
        if (Innermost.Value?.Look() is not { } waiting)
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

    /// <summary>Under the store's lock.</summary>
    private void ForEach<TState>(string key, TState state, Action<FlightTable, TState, SingleFlight> act)
    {
        // A flight that enters at this moment is not counted yet, and its factory has not begun: what it brings is newer than what dooms here.
        if (InProgress == 0)
        {
            return;
        }

        var hash = _hash.Of(key);
        for (var flight = Bucket(hash); flight is not null;)
        {
            var next = flight.Next; // it may be unlinked
            if (flight.Hash == hash && string.Equals(flight.Key.Key, key, StringComparison.Ordinal)) // whatever levels it leaves out
            {
                act(this, state, flight);
            }

            flight = next;
        }
    }

    private void DoomOne(SingleFlight flight)
    {
        flight.Doomed = true;
        Unlink(flight);
    }

    private void Enter(SingleFlight flight, int hash)
    {
        flight.Hash = hash;
        Link(flight);
        if (flight.Key.Levels != FlightLevels.All)
        {
            _partial++;
        }

        Volatile.Write(ref _inProgress, _inProgress + 1);
    }

    private ref SingleFlight? Bucket(int hash) => ref _buckets[hash & (_buckets.Length - 1)];

    private SingleFlight? Search(in FlightKey key, int hash)
    {
        for (var flight = Bucket(hash); flight is not null; flight = flight.Next)
        {
            if (flight.Hash == hash && flight.Key.Levels == key.Levels && string.Equals(flight.Key.Key, key.Key, StringComparison.Ordinal))
            {
                return flight;
            }
        }

        return null;
    }

    private void Link(SingleFlight flight)
    {
        if (_entered >= 2 * _buckets.Length)
        {
            Resize(_buckets.Length * 2);
        }

        ref var bucket = ref Bucket(flight.Hash);
        (flight.Next, flight.IsEntered) = (bucket, true);
        bucket = flight;
        _entered++;
    }

    private void Unlink(SingleFlight flight)
    {
        if (!flight.IsEntered)
        {
            return;
        }

        ref var link = ref Bucket(flight.Hash);
        while (!ReferenceEquals(link, flight))
        {
            link = ref link!.Next;
        }

        link = flight.Next;
        (flight.Next, flight.IsEntered) = (null, false);
        if (--_entered == 0 && _buckets.Length > FewestBuckets)
        {
            _buckets = new SingleFlight?[FewestBuckets];
        }
    }

    private void Resize(int length)
    {
        var old = _buckets;
        _buckets = new SingleFlight?[length];
        foreach (var first in old)
        {
            for (var flight = first; flight is not null;)
            {
                var next = flight.Next;
                ref var bucket = ref Bucket(flight.Hash);
                flight.Next = bucket;
                bucket = flight;
                flight = next;
            }
        }
    }
}
