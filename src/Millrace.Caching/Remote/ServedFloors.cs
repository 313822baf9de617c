using System.Collections.Concurrent;

namespace Millrace.Caching.Remote;

// Values that this node has served and the second level does not have: the lease was broken while the source was read, or the level could not be
// asked. What another node stores meanwhile may have been read from the source before that, though its lease is in order. So that this node never
// goes back to an older value, it takes nothing for the key from the level whose read began before its own ended: the entry counts as missing, and is
// replaced.
//
// Stamps are given when a lease is, before the source is read. The server's clock as this node tells it is never behind (ServerClock counts from
// before the question), so "now" is a bound for the time at which a read here has ended.
//
// The same where a replica is promoted that has an older entry than this node has seen: the youngest entries that were seen here, by key, become floors
// when the connection is lost (Saw, Lost). Those of the last seconds are enough, because a replica is not further behind.
//
// Bound: at the limit the older half is dropped, and its youngest floor holds for every key. That costs misses, and goes with time.
internal sealed class ServedFloors
{
    public const int Limit = 16_384;

    private const int SeenLimit = 4_096; // in each half of the time; beyond it the youngest are not remembered, and may come back older after a failover
    private const long SeenWindow = 10_000_000; // in stamps, microseconds

    private readonly Lock _lock = new(); // guards additions and removals
    private readonly ConcurrentDictionary<string, long> _floors = new(StringComparer.Ordinal);
    private readonly Lock _seenLock = new(); // guards the fields below but the last
    private Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    private Dictionary<string, long> _seenBefore = new(StringComparer.Ordinal);
    private long _seenSince;
    private long _ofAll = -1;
    private volatile int _count; // of _floors, which takes all of its locks to say so itself

    /// <summary>An entry of the level is served here, or was stored by this node.</summary>
    /// <param name="key">The key.</param>
    /// <param name="stamp">The entry's.</param>
    /// <param name="now">Now, by the server's clock, as a stamp.</param>
    public void Saw(string key, long stamp, long now)
    {
        if (now - stamp > SeenWindow)
        {
            return; // replicas have it
        }

        lock (_seenLock)
        {
            if (now - _seenSince > SeenWindow)
            {
                (_seenBefore, _seen, _seenSince) = (_seen, new Dictionary<string, long>(StringComparer.Ordinal), now);
            }

            if (_seen.TryGetValue(key, out var other) ? stamp > other : _seen.Count < SeenLimit)
            {
                _seen[key] = stamp;
            }
        }
    }

    /// <summary>The connection is lost: whoever answers next may have older entries than were seen.</summary>
    public void Lost()
    {
        KeyValuePair<string, long>[] seen;
        lock (_seenLock)
        {
            seen = [.. _seenBefore, .. _seen];
            _seenBefore.Clear();
            _seen.Clear();
        }

        foreach (var (key, stamp) in seen)
        {
            Raise(key, stamp - 1);
        }
    }

    /// <summary>A value of the key was served that was read until now.</summary>
    /// <param name="key">The key.</param>
    /// <param name="stamp">Now, by the server's clock or later.</param>
    public void Raise(string key, long stamp)
    {
        lock (_lock)
        {
            if (_count >= Limit && !_floors.ContainsKey(key))
            {
                var floors = _floors.ToArray();
                Array.Sort(floors, static (a, b) => a.Value.CompareTo(b.Value));
                Volatile.Write(ref _ofAll, Math.Max(_ofAll, floors[floors.Length / 2].Value)); // before they are missing
                foreach (var floor in floors.AsSpan(0, (floors.Length / 2) + 1))
                {
                    _floors.TryRemove(floor.Key, out _);
                    _count--;
                }
            }

            _count += _floors.ContainsKey(key) ? 0 : 1; // before it can be found
            _floors[key] = Math.Max(stamp, _floors.GetValueOrDefault(key));
        }
    }

    /// <summary>The server's clock is ahead of what this node took it for: floors that were told by that move on.</summary>
    /// <param name="stamps">By how much, in stamps.</param>
    public void Shift(long stamps)
    {
        lock (_lock)
        {
            foreach (var key in _floors.Keys)
            {
                _floors[key] += stamps;
            }

            if (_ofAll >= 0)
            {
                Volatile.Write(ref _ofAll, _ofAll + stamps);
            }
        }
    }

    /// <summary>Whether an entry may be older than what was served.</summary>
    public bool Covers(string key, long stamp) =>
        stamp <= Volatile.Read(ref _ofAll) || (_count > 0 && _floors.TryGetValue(key, out var floor) && stamp <= floor);

    /// <summary>A younger entry is in the level: the floor has done its work.</summary>
    public void Passed(string key, long stamp)
    {
        if (_count > 0 && _floors.TryGetValue(key, out var floor) && stamp > floor)
        {
            lock (_lock)
            {
                _count -= _floors.TryRemove(KeyValuePair.Create(key, floor)) ? 1 : 0;
            }
        }
    }
}
