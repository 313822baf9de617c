using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Millrace.Caching.Local;

// A hash table whose nodes are the entries themselves: one object and one look less per entry than in a concurrent dictionary. Readers take no lock;
// writers are under the lock of LocalStore.
//
//   - An entry is complete before it is linked, and is linked by one write, at the head of its chain.
//   - An entry that leaves keeps its own link, so that a reader that stands on it finds the rest of the chain. Should it be put in again, its link leads to a chain that is whole.
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

        ref var bucket = ref Bucket(_buckets, entry.Hash);
        entry.Next = bucket;
        Volatile.Write(ref bucket, entry);
        Count++;
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
        foreach (var first in old)
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

        Volatile.Write(ref _buckets, buckets);
        Interlocked.Increment(ref _moves);
    }
}
