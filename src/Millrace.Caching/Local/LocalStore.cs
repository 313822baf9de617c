using System.Runtime.CompilerServices;
using Millrace.Caching.Invalidation;
using Millrace.Caching.Local.Eviction;
using Millrace.Caching.Local.Expiry;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Local;

// L1: the entries of one cache in this process, within a bound in bytes and one in entries.
//
// Reads take no lock and write nothing that others read all the time: a look-up in EntryTable, the deadline, and one comparison with the ledger's
// sequence. Writes take one lock, under which table, eviction queues, timer wheel and sums change together. The lock is held for the work on one
// entry, or for a stated number of them.
//
// Invariants, whenever the lock is free:
//   - table, queues and wheel hold the same entries; _bytes is the sum of their weights; _bytes <= SizeLimitBytes, Count <= EntryLimit;
//   - the sums never exceed their bounds in between either: room is made before an entry is added, and an entry that replaces another is first
//     accounted for in its place. So an entry just stored is there to be read, and others had to go;
//   - a flight whose key is invalidated is doomed under this lock, and stores under this lock: whichever comes first, a value read before the
//     invalidation is not in the store after it.
//
// Who goes: entries that are over first, as far as the wheel has come to them; then whom WindowTinyLfu names.
internal sealed partial class LocalStore : IDisposable
{
    private const int EntriesPerHold = 512; // how many entries maintenance looks at before it lets others have the lock
    private const int WalkPerTick = 16_384; // how many it looks at for invalidated ones per tick

    private const int DuePerStore = 16; // how many of them a store that needs room looks at
    private const int ChangeMarks = 4096;

    private readonly Lock _lock; // guards every field that is written below, all writes of _entries, and PendingRead.Doomed
    private readonly EntryTable _entries;
    private readonly WindowTinyLfu _queues;
    private readonly int[] _changes = new int[ChangeMarks]; // by the keys' hashes; guarded by _lock
    private readonly TimerWheel _wheel;
    private readonly InvalidationLedger _ledger;
    private readonly IPendingReads _reads;
    private readonly CacheClock _clock;
    private readonly KeyPatterns _patterns;
    private readonly ITimer _timer;
    private readonly long _valueLimitBytes;
    private long _bytes;
    private int _count;
    private bool _armed;
    private bool _closed;
    private bool _isWalking;
    private long _walkedAt;

    public LocalStore(
        CacheOptions options, InvalidationLedger ledger, IPendingReads reads, KeyPatterns patterns, CacheClock clock, ulong seed, Lock writes)
    {
        (SizeLimitBytes, EntryLimit, _valueLimitBytes) = (options.SizeLimitBytes, options.EntryLimit, options.MaximumPayloadBytes);
        (_ledger, _reads, _patterns, _clock, _lock) = (ledger, reads, patterns, clock, writes);
        _entries = new EntryTable(seed);
        _queues = new WindowTinyLfu(SizeLimitBytes, EntryLimit, () => _patterns.Hits.Total);
        _wheel = new TimerWheel(clock.Units(Tick), clock.Now);
        _timer = clock.CreateTimer(static store => ((LocalStore)store!).Maintain(), this);
    }

    /// <summary>How often memory is reclaimed while there are entries; an expired entry is gone within two ticks.</summary>
    public static TimeSpan Tick { get; } = TimeSpan.FromSeconds(1);

    public long SizeLimitBytes { get; }

    public int EntryLimit { get; }

    /// <summary>The most that one entry may weigh.</summary>
    public long EntryWeightLimit => Math.Min(SizeLimitBytes / 4, Entry.HeaviestWeight - 1);

    public long Bytes => Volatile.Read(ref _bytes);

    public int Count => Volatile.Read(ref _count);

    /// <summary>The entry under a key, if it is valid now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry? Find(string key, long now) => _entries.Find(key) is { } entry && IsValid(entry, now) ? entry : null;

    /// <summary>The same for who knows the hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry? Find(string key, int hash, long now) => _entries.Find(key, hash) is { } entry && IsValid(entry, now) ? entry : null;

    /// <summary>The hash of a key, as the store and the table of flights use it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int HashOf(ReadOnlySpan<char> key) => _entries.HashOf(key);

    /// <inheritdoc cref="Find(string, long)" />
    public Entry? Find(ReadOnlySpan<char> key, long now) => _entries.Find(key) is { } entry && IsValid(entry, now) ? entry : null;

    /// <summary>Stores an entry in place of what stands under its key; what a read of the source brought, only if nothing has doomed that read.</summary>
    public StoreResult Store(Entry entry, PendingRead? read)
    {
        var hash = _entries.HashOf(entry.Key);
        _entries.Prefetch(hash);
        _queues.Prefetch(hash);
        lock (_lock)
        {
            return StoreLocked(entry, read, hash);
        }
    }

    /// <summary>
    /// As <see cref="Store(Entry, PendingRead?)"/> for a read that nobody else knows; what is stored ends it in the same moment, so that nobody ever will,
    /// and nothing can have overtaken it when it is served. It counts as a miss that ran its source.
    /// </summary>
    public StoreResult Land(Entry entry, PendingRead read, int hash)
    {
        lock (_lock)
        {
            if (read.IsKnown)
            {
                return StoreResult.Known;
            }

            var result = StoreLocked(entry, read, hash);
            if (result == StoreResult.Stored)
            {
                _reads.Ended(read);
                _patterns[entry.PatternNumber].Landed();
            }

            return result;
        }
    }

    /// <summary>As <see cref="Store(Entry, PendingRead?)"/>, if nothing has happened to the key, or to one of equal hash, since <see cref="ChangesOf"/> gave <paramref name="changes"/>.</summary>
    public StoreResult StoreUnchanged(Entry entry, PendingRead read, int changes)
    {
        var hash = _entries.HashOf(entry.Key);
        lock (_lock)
        {
            return _changes[MarkOf(hash)] == changes ? StoreLocked(entry, read, hash) : StoreResult.Doomed;
        }
    }

    /// <summary>Removes what stands under a key and dooms the flights that are to bring it.</summary>
    public void Remove(string key)
    {
        var hash = _entries.HashOf(key);
        lock (_lock)
        {
            _changes[MarkOf(hash)]++;
            _reads.Doom(key);
            Remove(_entries.Find(key, hash));
        }
    }

    /// <summary>
    /// Drops what stands under a key that somebody else has changed. Reads in progress that may have the old value are doomed; those that wait for
    /// the change are woken.
    /// </summary>
    public void Drop(string key)
    {
        var hash = _entries.HashOf(key);
        lock (_lock)
        {
            _changes[MarkOf(hash)]++;
            _reads.Change(key, except: null);
            Remove(_entries.Find(key, hash));
        }
    }

    /// <summary>
    /// A value is about to be written to the second level. What stands under its key goes, reads in progress are doomed, and the ticket tells
    /// <see cref="EndWrite"/> whether anything else has happened to the key meanwhile (or to one of equal hash, which costs no more than a miss).
    /// </summary>
    public int BeginWrite(string key)
    {
        var hash = _entries.HashOf(key);
        lock (_lock)
        {
            _reads.Doom(key);
            Remove(_entries.Find(key, hash));
            return ++_changes[MarkOf(hash)];
        }
    }

    /// <summary>
    /// The value was written to the second level. It is stored here only if nothing has happened to its key since: of two writes that overlap nobody
    /// here knows which one the second level has, so neither is stored.
    /// </summary>
    /// <param name="entry">The entry; null where the write failed, which leaves nothing under the key.</param>
    /// <param name="key">The key.</param>
    /// <param name="ticket">What <see cref="BeginWrite"/> gave.</param>
    public StoreResult EndWrite(Entry? entry, string key, int ticket)
    {
        var hash = _entries.HashOf(key);
        lock (_lock)
        {
            ref var changes = ref _changes[MarkOf(hash)];
            if (entry is not null && changes == ticket)
            {
                return StoreLocked(entry, read: null, hash);
            }

            changes++;
            _reads.Doom(key);
            Remove(_entries.Find(key, hash));
            return StoreResult.Doomed;
        }
    }

    /// <summary>A number that moves with everything that happens to a key, or to one of equal hash, except for reads of its source.</summary>
    public int ChangesOf(string key)
    {
        lock (_lock)
        {
            return _changes[MarkOf(_entries.HashOf(key))];
        }
    }

    /// <summary>What stands under a key, valid or not.</summary>
    public Entry? Peek(string key) => _entries.Find(key);

    /// <summary>Puts an entry in place of what stands under its key, and tells what did, if that was valid.</summary>
    public Entry? Exchange(Entry next)
    {
        lock (_lock)
        {
            var before = _entries.Find(next.Key);
            var valid = before is not null && IsValid(before, _clock.Now);
            Replace(next.Key, before, next);
            return valid ? before : null;
        }
    }

    /// <summary>
    /// Puts an entry in place of <paramref name="expected"/>, if that still stands under the key. A <paramref name="next"/> that is null, not valid
    /// any more or too heavy leaves nothing there.
    /// </summary>
    /// <returns>False: something else stands there, and stays.</returns>
    public bool TryReplace(string key, Entry expected, Entry? next)
    {
        lock (_lock)
        {
            var stands = _entries.Find(key) == expected;
            if (stands)
            {
                Replace(key, expected, next);
            }

            return stands;
        }
    }

    /// <summary>The entry under a key that may be served where stale values may: neither gone for good nor invalidated, though it may have expired or its trust may be lost.</summary>
    public Entry? FindStale(ReadOnlySpan<char> key, long now) =>
        _entries.Find(key) is { } entry && !entry.IsGone(now) && !_ledger.CoversStale(entry.Stamp, entry.Stamp, entry.Key, entry.Tags) ? entry : null;

    /// <summary>Drops everything and stores nothing any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            while (_queues.Victim(0) is { } entry)
            {
                Remove(entry);
            }

            Trim();
        }

        _timer.Dispose();
        _patterns.Hits.Close();
    }

    /// <summary>What <see cref="ChangesOf"/> counts for: keys of equal hash share it.</summary>
    public int MarkOf(string key) => MarkOf(_entries.HashOf(key));

    private static int MarkOf(int hash) => (int)((uint)hash % ChangeMarks);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsValid(Entry entry, long now) =>
        !entry.IsExpired(now) && (now < _ledger.TrustedUntil || _ledger.Lapse(now))
        && _ledger.Sequence is var sequence && (entry.Stamp == sequence || Check(entry, sequence)); // after the trust, whose loss the sequence tells first

    /// <summary>Something was invalidated since the entry was last found valid: whether it still is.</summary>
    private bool Check(Entry entry, long sequence)
    {
        var stamp = entry.Stamp;
        if (stamp > sequence)
        {
            return InvalidationLedger.IsWatched(stamp); // another reader has found it valid at a later moment
        }

        if (_ledger.Covers(stamp, stamp, entry.Key, entry.Tags))
        {
            return false;
        }

        entry.Stamp = sequence;
        return true;
    }

    private StoreResult StoreLocked(Entry entry, PendingRead? read, int hash)
    {
        entry.Hash = hash;
        if (_closed)
        {
            return StoreResult.Closed;
        }

        var old = _entries.Find(entry.Key, entry.Hash);
        if (read is null)
        {
            _changes[MarkOf(entry.Hash)]++;
            _reads.Doom(entry.Key); // their values are older than what the caller sets
        }
        else if (read.Doomed)
        {
            return StoreResult.Doomed;
        }
        else if (old is not null && old.Order > entry.Order)
        {
            read.Doomed = true;
            return StoreResult.Superseded;
        }

        // What was begun before trust was lost is kept, and not served as fresh: it is at hand while the second level is away.
        if (_ledger.CoversStale(entry.Stamp, entry.Stamp, entry.Key, entry.Tags))
        {
            Remove(read is null ? old : null); // who sets wants the old value gone in any case
            return StoreResult.Doomed;
        }

        if (entry.ValueBytes > _valueLimitBytes || entry.Weight > EntryWeightLimit)
        {
            Remove(old);
            return StoreResult.TooHeavy;
        }

        Put(entry, old);
        PrefetchNextVictim();
        _patterns[entry.PatternNumber].Stored();
        return StoreResult.Stored;
    }

    /// <summary>
    /// What the next store needs to evict is old, and far from the processor: its places in table and sketch, and the entry behind it. Fetched now, they are
    /// there by then (a quarter more stores a second over a bound, cache.evict).
    /// </summary>
    private void PrefetchNextVictim()
    {
        if (_queues.Oldest is { } oldest)
        {
            _entries.Prefetch(oldest.Hash);
            _queues.Prefetch(oldest.Hash);
            if (oldest.Newer is { } next)
            {
                Processor.Prefetch(ref next.Reads);
                Processor.Prefetch(ref next.WheelPrevious);
            }
        }
    }

    private void Replace(string key, Entry? current, Entry? next)
    {
        _changes[MarkOf(_entries.HashOf(key))]++;
        _reads.Doom(key);
        if (next is null || _closed || !IsValid(next, _clock.Now) || next.ValueBytes > _valueLimitBytes || next.Weight > EntryWeightLimit)
        {
            Remove(current);
            return;
        }

        next.Hash = current?.Hash ?? _entries.HashOf(key);
        Put(next, current);
    }

    /// <summary>Puts an entry in, in place of <paramref name="old"/> if that is not null. Its hash is known.</summary>
    private void Put(Entry entry, Entry? old)
    {
        var now = _clock.Now;
        if (old is null)
        {
            MakeRoom(entry.Weight, now);
            _entries.Add(entry);
            _queues.Add(entry);
        }
        else
        {
            var (section, reads) = (old.Section, old.Reads);
            CountExpired(old, now);
            Unlink(old); // its place in the table goes to the new entry in one step, so readers see one or the other
            MakeRoom(entry.Weight, now);
            _entries.Replace(old, entry);
            _queues.AddAgain(entry, section, reads);
        }

        _wheel.Add(entry, entry.GoneAt(now));
        Volatile.Write(ref _bytes, _bytes + entry.Weight);
        Volatile.Write(ref _count, _count + 1);
        _patterns[entry.PatternNumber].Added(entry.Weight);
        Arm();
    }

    private void MakeRoom(int weight, long now)
    {
        for (var due = 0; _queues.IsFull(weight);)
        {
            if (due < DuePerStore && _wheel.TakeDue(now) is { } over)
            {
                due++;
                Reclaim(over, now);
            }
            else if (_queues.Victim(weight) is { } victim)
            {
                if (!CountExpired(victim, now) && !_ledger.Covers(victim.Stamp, victim.Stamp, victim.Key, victim.Tags))
                {
                    _patterns[victim.PatternNumber].Evicted();
                }

                Remove(victim);
            }
            else
            {
                return;
            }
        }
    }

    private bool CountExpired(Entry entry, long now)
    {
        var expired = entry.IsExpired(now);
        if (expired)
        {
            _patterns[entry.PatternNumber].Expired();
        }

        return expired;
    }

    /// <summary>Removes an entry that the wheel gave, if it is over; else hangs it in again.</summary>
    private void Reclaim(Entry entry, long now)
    {
        if (entry.IsGone(now))
        {
            CountExpired(entry, now);
            Remove(entry);
        }
        else
        {
            entry.IsExpired(now); // renews the short deadline of one that lives for weeks
            _wheel.Add(entry, entry.GoneAt(now));
        }
    }

    private void Unlink(Entry entry)
    {
        _queues.Remove(entry);
        if (entry.Slot >= 0)
        {
            _wheel.Remove(entry);
        }

        Volatile.Write(ref _bytes, _bytes - entry.Weight);
        Volatile.Write(ref _count, _count - 1);
        _patterns[entry.PatternNumber].Removed(entry.Weight);
    }

    private void Trim()
    {
        _entries.Trim();
        _queues.Trim();
    }

    private void Remove(Entry? entry)
    {
        if (entry is not null)
        {
            Unlink(entry);
            _entries.Remove(entry);
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
}
