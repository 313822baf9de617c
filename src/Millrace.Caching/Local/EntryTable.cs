using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Millrace.Caching.Naming;

namespace Millrace.Caching.Local;

// A hash table with open addressing whose places have a tag of one byte each, seven bits of the hash; sixteen tags, a group, are compared at once. It follows
// the design of Kulukundis, "Designing a Fast, Efficient, Cache-friendly Hash Table, Step by Step" (CppCon 2017), own code. What that brings here:
//
//   - A hash has one place for its own, which an entry gets if it is there first. Most hits are found there, by one tag and without a comparison of sixteen.
//   - A miss is seen by the tags alone, which lie close together. In a table of chains it reads entries of other keys, each of them far from the processor.
//   - An entry that comes or goes is written to the table's own arrays and to no other entry. A chain would write to old entries, here and there all over
//     the heap, and every collection of young objects would look at all of those again (decision 0003 has figures).
//
// Readers take no lock; writers are under the lock of LocalStore. What readers rely on:
//   - An entry is complete, and in its place, before its tag says so. Its tag goes before it does. Who finds a place that does not hold what the tag said
//     compares keys, and goes on. One write of its place replaces an entry by another of its key.
//   - A probe goes from group to group and ends at one with a free place. No group that a probe has passed on to an entry ever has a free place again while
//     the entry is in: an entry that leaves a full group leaves its place marked as left, and such places are taken again, but end no probe.
//   - When the table becomes too full or too empty, it is made anew beside the old one, which stays as it is. Who reads the old one finds what was
//     there when its read began.
//
// A hash's own place is its share of the length (Lemire, "Fast Random Integer Generation in an Interval", 2019), so that lengths need not be powers
// of two, and so that entries keep their order when the table is made anew: it is read and written from end to end. That takes time in proportion to the
// entries, under the lock, each time the table grows (to double its length, from 262,144 places on to half as much again); hits go on meanwhile.
internal sealed class EntryTable(ulong seed)
{
    private const int GroupLength = 16;
    private const int FewestPlaces = GroupLength;
    private const int LengthOfSlowerGrowth = 262_144;
    private const byte Free = 0;
    private const byte Left = 1;
    private const byte Taken = 0x80; // and seven bits of the hash

    private readonly KeyHash _hash = new(seed);
    private Places _places = new(FewestPlaces);
    private int _unused = MostTaken(FewestPlaces); // free places that may be taken before the table is made anew

    public int Count { get; private set; }

    /// <summary>The number of places.</summary>
    public int Length => _places.Entries.Length;

    /// <summary>
    /// Where a walk through all places has come to: what has not been passed before the table is made anew is not passed over after it. Set by who walks.
    /// </summary>
    public int WalkAt { get; set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry? Find(ReadOnlySpan<char> key)
    {
        var hash = _hash.Of(key);
        var places = Volatile.Read(ref _places);
        var own = places.OwnOf(hash);
        if (places.Tag(own) == TagOf(hash) && places.Entry(own) is { } entry && entry.Hash == hash && key.SequenceEqual(entry.Key))
        {
            return entry;
        }

        return Search(places, key, hash);
    }

    /// <summary>As with a span; the same string is found without a look at its characters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry? Find(string key) => Find(key, _hash.Of(key));

    /// <summary>The same for who knows the hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Entry? Find(string key, int hash)
    {
        var places = Volatile.Read(ref _places);
        var own = places.OwnOf(hash);
        if (places.Tag(own) == TagOf(hash) && places.Entry(own) is { } entry && Is(entry, key, hash))
        {
            return entry;
        }

        var tags = places.TagsOf((int)((uint)own / GroupLength));
        for (var matches = Matches(tags, hash); matches != 0; matches &= matches - 1)
        {
            if (places.Entry((int)((uint)own / GroupLength), matches) is { } other && Is(other, key, hash))
            {
                return other;
            }
        }

        return HasFree(tags) ? null : Search(places, key, hash);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Is(Entry entry, string key, int hash) =>
        ReferenceEquals(entry.Key, key) || (entry.Hash == hash && string.Equals(entry.Key, key, StringComparison.Ordinal));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int HashOf(ReadOnlySpan<char> key) => _hash.Of(key);

    /// <summary>Fetches the place of a hash, which will be looked at soon.</summary>
    public void Prefetch(int hash) => _places.Prefetch(hash);

    /// <summary>Adds an entry whose key is not there.</summary>
    public void Add(Entry entry)
    {
        var place = _places.PlaceFor(entry.Hash);
        if (_places.Tag(place) == Free)
        {
            if (_unused == 0)
            {
                Renew(IsCrowded ? Grown(Length) : Length); // where it is not, places that were left take up the room
                place = _places.PlaceFor(entry.Hash);
            }

            _unused--;
        }

        _places.Take(place, entry);
        Count++;
    }

    public void Replace(Entry old, Entry entry) => Volatile.Write(ref _places.Entries[_places.PlaceOf(old)], entry);

    public void Remove(Entry entry)
    {
        var place = _places.PlaceOf(entry);
        var isFree = HasFree(_places.TagsOf(place / GroupLength));
        _places.Clear(place, isFree ? Free : Left);
        _unused += isFree ? 1 : 0;
        Count--;
    }

    /// <summary>Gives back places that more entries needed.</summary>
    public void Trim()
    {
        if (Length > FewestPlaces && Count < Length / 8)
        {
            Renew(Math.Max(FewestPlaces, Length / 4 / GroupLength * GroupLength));
        }
    }

    /// <summary>What a place holds.</summary>
    public Entry? At(int place) => _places.Entries[place];

    private bool IsCrowded => Count > Length / 4 * 3;

    private static int Grown(int length) => checked(length < LengthOfSlowerGrowth ? length * 2 : length / 2 / GroupLength * GroupLength * 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte TagOf(int hash) => (byte)(hash | Taken);

    private static int MostTaken(int length) => length / 8 * 7;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Matches(Vector128<byte> tags, int hash) => Vector128.Equals(tags, Vector128.Create(TagOf(hash))).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasFree(Vector128<byte> tags) => Vector128.EqualsAny(tags, Vector128<byte>.Zero);

    /// <summary>Looks at all places where a key can be. Off the path of most hits.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Entry? Search(Places places, ReadOnlySpan<char> key, int hash)
    {
        for (var group = places.HomeOf(hash); ; group = places.After(group))
        {
            var tags = places.TagsOf(group);
            for (var matches = Matches(tags, hash); matches != 0; matches &= matches - 1)
            {
                if (places.Entry(group, matches) is { } entry && entry.Hash == hash && key.SequenceEqual(entry.Key))
                {
                    return entry;
                }
            }

            if (HasFree(tags))
            {
                return null;
            }
        }
    }

    private void Renew(int length)
    {
        var (old, places, walkAt) = (_places.Entries, new Places(length), length);
        Span<int> hashes = stackalloc int[GroupLength];
        for (var start = 0; start < old.Length; start += GroupLength)
        {
            for (var i = 0; i < GroupLength; i++)
            {
                hashes[i] = old[start + i]?.Hash ?? 0; // the processor waits for all of them at once
            }

            for (var i = 0; i < GroupLength; i++)
            {
                if (old[start + i] is { } entry)
                {
                    var place = places.PlaceFor(hashes[i]);
                    places.Take(place, entry);
                    walkAt = start + i >= WalkAt ? Math.Min(walkAt, place) : walkAt;
                }
            }
        }

        WalkAt = walkAt;
        _unused = MostTaken(length) - Count;
        Volatile.Write(ref _places, places);
    }

    /// <summary>The tags and entries of one length.</summary>
    private sealed class Places(int length)
    {
        private readonly byte[] _tags = new byte[length];
        private readonly uint _length = (uint)length;

        public Entry?[] Entries { get; } = new Entry?[length];

        public void Prefetch(int hash)
        {
            var own = OwnOf(hash);
            Processor.Prefetch(ref TagAt(own));
            Processor.Prefetch(ref EntryAt(own));
        }

        /// <summary>The place that a hash has for its own.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int OwnOf(int hash) => (int)(((ulong)(uint)hash * _length) >> 32);

        /// <summary>The group where the probe for a hash begins: that of its own place.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int HomeOf(int hash) => (int)((uint)OwnOf(hash) / GroupLength);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int After(int group) => (group + 1) * GroupLength == (int)_length ? 0 : group + 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public byte Tag(int place) => Volatile.Read(ref TagAt(place));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector128<byte> TagsOf(int group) => Vector128.LoadUnsafe(ref TagAt(group * GroupLength));

        /// <summary>What stands in a place; null, or another entry than its tag says, while that changes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Entry? Entry(int place) => Volatile.Read(ref EntryAt(place));

        /// <summary>The same in the place of the first of some matches in a group.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Entry? Entry(int group, uint matches) => Entry((group * GroupLength) + BitOperations.TrailingZeroCount(matches));

        /// <summary>The place for a new entry: the hash's own, or the first of its probe that is not taken; there always is one.</summary>
        public int PlaceFor(int hash)
        {
            if (OwnOf(hash) is var own && Tag(own) < Taken)
            {
                return own;
            }

            for (var group = HomeOf(hash); ; group = After(group))
            {
                var open = ~TagsOf(group).ExtractMostSignificantBits() & 0xFFFF;
                if (open != 0)
                {
                    return (group * GroupLength) + BitOperations.TrailingZeroCount(open);
                }
            }
        }

        /// <summary>Where an entry is that is in.</summary>
        public int PlaceOf(Entry entry)
        {
            if (OwnOf(entry.Hash) is var own && ReferenceEquals(Entry(own), entry))
            {
                return own;
            }

            for (var group = HomeOf(entry.Hash); ; group = After(group))
            {
                for (var matches = Matches(TagsOf(group), entry.Hash); matches != 0; matches &= matches - 1)
                {
                    if (ReferenceEquals(Entry(group, matches), entry))
                    {
                        return (group * GroupLength) + BitOperations.TrailingZeroCount(matches);
                    }
                }
            }
        }

        public void Take(int place, Entry entry)
        {
            Volatile.Write(ref EntryAt(place), entry);
            Volatile.Write(ref TagAt(place), TagOf(entry.Hash));
        }

        public void Clear(int place, byte tag)
        {
            Volatile.Write(ref TagAt(place), tag);
            Volatile.Write(ref EntryAt(place), null);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private ref byte TagAt(int place) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_tags), (nuint)(uint)place);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private ref Entry? EntryAt(int place) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(Entries), (nuint)(uint)place);
    }
}
