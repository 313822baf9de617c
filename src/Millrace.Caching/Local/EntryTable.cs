using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Millrace.Caching.Naming;

namespace Millrace.Caching.Local;

// A hash table whose nodes are the entries themselves: one object and one look less per entry than in a concurrent dictionary. Readers take no lock;
// writers are under the lock of LocalStore.
//
//   - An entry is complete before it is linked, and is linked by one write, at the end of its chain. So those that have been here longest come first: the
//     ones that are read for long, and those that go next, which then go without a walk past younger ones that nobody has touched for a while.
//   - An entry that leaves keeps its own link, so that a reader that stands on it finds the rest of the chain. Should it be put in again, that counts as a move.
//   - An entry that replaces another takes over its link and its place by one write: a reader finds the one or the other.
//   - When the table grows or shrinks, entries are moved from chain to chain, and a reader that stands on one may be led past the entry that it
//     looks for, never to a wrong one, since it compares keys, and never round in a circle, since at each moment the links form a forest. So a miss
//     counts only if the table did not move meanwhile: who finds nothing looks a second time, with an eye on that, and if it moved, under the lock.
//
// Growing takes time in proportion to the entries (about 10 ns each), once per doubling, under the lock; hits go on meanwhile.
internal sealed class EntryTable(Lock writes, ulong seed)
{
    private const int FewestBuckets = 16;

    private readonly KeyHash _hash = new(seed);
    private Entry?[] _buckets = new Entry?[FewestBuckets];
    private int _moves; // odd while entries are being moved

    public int Count { get; private set; }

    public int BucketCount => _buckets.Length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry? Find(ReadOnlySpan<char> key)
    {
        var hash = _hash.Of(key);
        for (var entry = Bucket(Volatile.Read(ref _buckets), hash); entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && key.SequenceEqual(entry.Key))
            {
                return entry;
            }
        }

        return FindAgain(key, hash);
    }

    /// <summary>As with a span; the same string is found without a look at its characters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry? Find(string key)
    {
        var hash = _hash.Of(key);
        for (var entry = Bucket(Volatile.Read(ref _buckets), hash); entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && (ReferenceEquals(entry.Key, key) || string.Equals(entry.Key, key, StringComparison.Ordinal)))
            {
                return entry;
            }
        }

        return FindAgain(key, hash);
    }

    public int HashOf(string key) => _hash.Of(key);

    /// <summary>As <see cref="Find(string)"/>, for who holds the lock and knows the hash: nothing moves meanwhile.</summary>
    public Entry? FindLocked(string key, int hash) => Search(key, hash);

    /// <summary>Adds an entry whose key is not there.</summary>
    public void Add(Entry entry)
    {
        if (Count >= _buckets.Length)
        {
            Resize(_buckets.Length * 2);
        }

        var wasIn = entry.Next is not null;
        if (wasIn)
        {
            Interlocked.Increment(ref _moves);
            Volatile.Write(ref entry.Next, null);
        }

        ref var link = ref Bucket(_buckets, entry.Hash);
        while (link is not null)
        {
            link = ref link.Next;
        }

        Volatile.Write(ref link, entry);
        Count++;
        if (wasIn)
        {
            Interlocked.Increment(ref _moves);
        }
    }

    public void Replace(Entry old, Entry entry)
    {
        entry.Next = old.Next;
        Volatile.Write(ref LinkTo(old), entry);
    }

    public void Remove(Entry entry)
    {
        Volatile.Write(ref LinkTo(entry), entry.Next);
        Count--;
    }

    /// <summary>Gives back buckets that a fuller table needed.</summary>
    public void Trim()
    {
        if (_buckets.Length > FewestBuckets && Count < _buckets.Length / 8)
        {
            Resize(_buckets.Length / 4);
        }
    }

    /// <summary>The first entry of a bucket.</summary>
    public Entry? First(int bucket) => _buckets[bucket];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref Entry? Bucket(Entry?[] buckets, int hash) =>
        ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(buckets), hash & (buckets.Length - 1)); // a power of two, never 0

    /// <summary>What a first look did not find: looks again, and knows whether entries were moved meanwhile. Off the path of hits.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Entry? FindAgain(ReadOnlySpan<char> key, int hash)
    {
        var moves = Volatile.Read(ref _moves);
        if ((moves & 1) == 0)
        {
            var entry = Search(key, hash);
            if (entry is not null || moves == Volatile.Read(ref _moves))
            {
                return entry;
            }
        }

        lock (writes)
        {
            return Search(key, hash); // nothing moves now
        }
    }

    private Entry? Search(ReadOnlySpan<char> key, int hash)
    {
        for (var entry = Bucket(Volatile.Read(ref _buckets), hash); entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && key.SequenceEqual(entry.Key))
            {
                return entry;
            }
        }

        return null;
    }

    private ref Entry? LinkTo(Entry entry)
    {
        ref var link = ref Bucket(_buckets, entry.Hash);
        while (!ReferenceEquals(link, entry))
        {
            link = ref link!.Next;
        }

        return ref link;
    }

    private void Resize(int length)
    {
        Interlocked.Increment(ref _moves);
        var (old, buckets) = (_buckets, new Entry?[length]);
        for (var i = 0; i < old.Length; i++)
        {
            if (length == 2 * old.Length)
            {
                Split(old[i], old.Length, ref buckets[i], ref buckets[i + old.Length]);
            }
            else
            {
                Merge(old[i], buckets);
            }
        }

        Volatile.Write(ref _buckets, buckets);
        Interlocked.Increment(ref _moves);
    }

    /// <summary>Parts a chain in two by one bit of the hashes, both in the old order. Most entries keep their links, and are not written to.</summary>
    private static void Split(Entry? first, int bit, ref Entry? low, ref Entry? high)
    {
        for (var entry = first; entry is not null;)
        {
            var next = entry.Next;
            if ((entry.Hash & bit) == 0)
            {
                Set(ref low, entry);
                low = ref entry.Next;
            }
            else
            {
                Set(ref high, entry);
                high = ref entry.Next;
            }

            entry = next;
        }

        Set(ref low, null);
        Set(ref high, null);
    }

    private static void Merge(Entry? first, Entry?[] buckets)
    {
        for (var entry = first; entry is not null;)
        {
            var next = entry.Next;
            ref var bucket = ref Bucket(buckets, entry.Hash);
            Volatile.Write(ref entry.Next, bucket);
            bucket = entry;
            entry = next;
        }
    }

    private static void Set(ref Entry? link, Entry? entry)
    {
        if (!ReferenceEquals(link, entry))
        {
            Volatile.Write(ref link, entry);
        }
    }
}
