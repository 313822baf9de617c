using System.Collections.Concurrent;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local.Eviction;
using Millrace.Caching.Local.Expiry;

namespace Millrace.Caching.Local;

// L1: the entries of one cache in this process, within a bound in bytes and one in entries.
//
// Reads take no lock: a look-up, the deadline, and one comparison with the ledger's sequence. Writes take one lock, under which the dictionary,
// the eviction queue, the timer wheel and the sums change together. The lock is held for the work on one entry, or for a stated number of them.
//
// Invariants, whenever the lock is free:
//   - dictionary, queue and wheel hold the same entries; _bytes is the sum of their weights; _bytes <= SizeLimitBytes, Count <= EntryLimit;
//   - the sums never exceed their bounds in between either: room is made before an entry is added, and an entry that replaces another is first
//     accounted for in its place. So an entry just stored is there to be read, and others had to go;
//   - a flight whose key is invalidated is doomed under this lock, and stores under this lock: whichever comes first, a value read before the
//     invalidation is not in the store after it.
internal sealed class LocalStore : IDisposable
{
    private const int EntriesPerHold = 512; // how many entries maintenance looks at before it lets others have the lock
    private const int WalkPerTick = 16_384; // how many it looks at for invalidated ones per tick

    private readonly Lock _lock = new(); // guards _queue, _wheel, _bytes, _armed, _closed, _walking, _walkedAt, all writes of _entries, and PendingRead.Doomed
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _entriesBySpan;
    private readonly SieveQueue _queue = new();
    private readonly TimerWheel _wheel;
    private readonly InvalidationLedger _ledger;
    private readonly IPendingReads _reads;
    private readonly CacheClock _clock;
    private readonly ITimer _timer;
    private readonly long _valueLimitBytes;
    private long _bytes;
    private int _count;
    private bool _armed;
    private bool _closed;
    private bool _walking;
    private long _walkedAt;

    public LocalStore(long sizeLimitBytes, int entryLimit, long valueLimitBytes, InvalidationLedger ledger, IPendingReads reads, CacheClock clock)
    {
        (SizeLimitBytes, EntryLimit, _valueLimitBytes, _ledger, _reads, _clock) = (sizeLimitBytes, entryLimit, valueLimitBytes, ledger, reads, clock);
        _entriesBySpan = _entries.GetAlternateLookup<ReadOnlySpan<char>>();
        _wheel = new TimerWheel(clock.Units(Tick), clock.Now);
        _timer = clock.CreateTimer(static store => ((LocalStore)store!).Maintain(), this);
    }

    /// <summary>How often memory is reclaimed while there are entries; an expired entry is gone within two ticks.</summary>
    public static TimeSpan Tick { get; } = TimeSpan.FromSeconds(1);

    public long SizeLimitBytes { get; }

    public int EntryLimit { get; }

    /// <summary>The most that one entry may weigh.</summary>
    public long EntryWeightLimit => SizeLimitBytes / 4;

    public long Bytes => Volatile.Read(ref _bytes);

    public int Count => Volatile.Read(ref _count);

    /// <summary>The entry under a key, if it is valid now.</summary>
    public Entry? Find(string key, long now) => _entries.TryGetValue(key, out var entry) && IsValid(entry, now) ? entry : null;

    /// <inheritdoc cref="Find(string, long)" />
    public Entry? Find(ReadOnlySpan<char> key, long now) => _entriesBySpan.TryGetValue(key, out var entry) && IsValid(entry, now) ? entry : null;

    /// <summary>Stores an entry in place of what stands under its key; what a read of the source brought, only if nothing has doomed that read.</summary>
    public StoreResult Store(Entry entry, PendingRead? read)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return StoreResult.Closed;
            }

            var old = _entries.GetValueOrDefault(entry.Key);
            if (read is null)
            {
                _reads.Doom(entry.Key); // their values are older than what the caller sets
            }
            else if (read.Doomed)
            {
                return StoreResult.Doomed;
            }
            else if (old is not null && old.Order > entry.Order)
            {
                return StoreResult.Superseded;
            }

            if (_ledger.Covers(entry.Stamp, entry.Tags))
            {
                Remove(read is null ? old : null); // who sets wants the old value gone in any case
                return StoreResult.Doomed;
            }

            if (entry.ValueBytes > _valueLimitBytes || entry.Weight > EntryWeightLimit)
            {
                Remove(old);
                return StoreResult.TooHeavy;
            }

            if (old is not null)
            {
                CountExpired(old, _clock.Now);
                Unlink(old); // its place in the dictionary goes to the new entry in one step, so readers see one or the other
            }

            MakeRoom(entry.Weight);
            _entries[entry.Key] = entry;
            Link(entry);
            return StoreResult.Stored;
        }
    }

    /// <summary>Removes what stands under a key and dooms the flights that are to bring it.</summary>
    public void Remove(string key)
    {
        lock (_lock)
        {
            _reads.Doom(key);
            Remove(_entries.GetValueOrDefault(key));
        }
    }

    /// <summary>Keeps the value of a read from being stored.</summary>
    public void Doom(PendingRead read)
    {
        lock (_lock)
        {
            read.Doomed = true;
        }
    }

    /// <summary>Drops everything and stores nothing any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            while (_queue.Victim() is { } entry)
            {
                Remove(entry);
            }
        }

        _timer.Dispose();
    }

    private bool IsValid(Entry entry, long now)
    {
        if (entry.IsExpired(now))
        {
            return false;
        }

        var sequence = _ledger.Sequence;
        if (entry.CheckedAt == sequence)
        {
            return true;
        }

        if (_ledger.Covers(entry.Stamp, entry.Tags))
        {
            return false;
        }

        entry.CheckedAt = sequence;
        return true;
    }

    private void MakeRoom(long weight)
    {
        while ((_bytes + weight > SizeLimitBytes || _count + 1 > EntryLimit) && _queue.Victim() is { } victim)
        {
            if (!CountExpired(victim, _clock.Now) && !_ledger.Covers(victim.Stamp, victim.Tags))
            {
                victim.Pattern.Evicted();
            }

            Remove(victim);
        }
    }

    private static bool CountExpired(Entry entry, long now)
    {
        var expired = entry.IsExpired(now);
        if (expired)
        {
            entry.Pattern.Expired();
        }

        return expired;
    }

    private void Link(Entry entry)
    {
        entry.IsResident = true;
        _queue.Add(entry);
        _wheel.Add(entry);
        Volatile.Write(ref _bytes, _bytes + entry.Weight);
        Volatile.Write(ref _count, _count + 1);
        entry.Pattern.Added(entry.Weight);
        Arm();
    }

    private void Unlink(Entry entry)
    {
        entry.IsResident = false;
        _queue.Remove(entry);
        if (entry.Slot >= 0)
        {
            _wheel.Remove(entry);
        }

        Volatile.Write(ref _bytes, _bytes - entry.Weight);
        Volatile.Write(ref _count, _count - 1);
        entry.Pattern.Removed(entry.Weight);
    }

    private void Remove(Entry? entry)
    {
        if (entry is not null)
        {
            Unlink(entry);
            _entries.TryRemove(entry.Key, out _);
        }
    }

    private void Arm()
    {
        if (!_armed && !_closed && _count > 0)
        {
            _armed = true;
            _timer.Change(Tick, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The timer's work: reclaims what is expired, and walks on through what may be invalidated.</summary>
    private void Maintain()
    {
        while (!ReclaimExpired())
        {
        }

        for (var looked = 0; looked < WalkPerTick && !ReclaimInvalidated(); looked += EntriesPerHold)
        {
        }

        lock (_lock)
        {
            _armed = false;
            Arm();
        }
    }

    /// <summary>Looks at a stated number of due entries; true when no more are due.</summary>
    private bool ReclaimExpired()
    {
        lock (_lock)
        {
            var now = _clock.Now;
            for (var i = 0; i < EntriesPerHold; i++)
            {
                if (_wheel.TakeDue(now) is not { } entry)
                {
                    return true;
                }

                if (CountExpired(entry, now))
                {
                    Remove(entry);
                }
                else
                {
                    _wheel.Add(entry);
                }
            }

            return false;
        }
    }

    /// <summary>Walks a stated number of entries on; true when all have been looked at since the last invalidation.</summary>
    private bool ReclaimInvalidated()
    {
        lock (_lock)
        {
            if (!_walking)
            {
                if (_walkedAt == _ledger.Sequence)
                {
                    return true;
                }

                _walkedAt = _ledger.Sequence;
                _walking = true;
                _queue.StartWalk();
            }

            for (var i = 0; i < EntriesPerHold; i++)
            {
                if (_queue.Walk() is not { } entry)
                {
                    _walking = false;
                    return true;
                }

                if (_ledger.Covers(entry.Stamp, entry.Tags))
                {
                    Remove(entry);
                }
            }

            return false;
        }
    }
}
