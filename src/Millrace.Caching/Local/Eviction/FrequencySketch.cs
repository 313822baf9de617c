using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Millrace.Caching.Local.Eviction;

/// <summary>
/// How often keys were read lately, about, also of keys that are not in the cache: a count-min sketch of four rows of counters of four bits, which
/// are halved after every ten additions per entry, so that old reads count for less (Einziger, Friedman, Manes: "TinyLFU: A Highly Efficient Cache
/// Admission Policy", ACM Transactions on Storage 2017). It never says too little but by halving, and too much where keys collide in all rows.
/// </summary>
/// <remarks>
/// The four counters of a key lie in one block of 64 bytes, so that a look costs one cache miss and not four (Putze, Sanders, Singler: "Cache-, Hash- and
/// Space-Efficient Bloom Filters", 2007): each row has two words of the block, 32 counters. Eight bytes per entry. Not thread-safe: under the store's lock.
/// </remarks>
internal sealed class FrequencySketch
{
    public const int Highest = 15;

    private const int WordsPerBlock = 8;
    private const int FewestWords = 64;
    private const int AdditionsPerEntry = 10;
    private const ulong Halves = 0x7777777777777777;

    private ulong[] _words = new ulong[FewestWords];
    private int _additions;

    public int WordCount => _words.Length;

    /// <summary>Fetches the block of a hash.</summary>
    public void Prefetch(int hash) => Processor.Prefetch(ref Block(Mix(hash)));

    public int Of(int hash)
    {
        var mixed = Mix(hash);
        ref var block = ref Block(mixed);
        return Math.Min(
            Math.Min(Counter(Word(ref block, mixed, 0), Shift(mixed, 0)), Counter(Word(ref block, mixed, 1), Shift(mixed, 1))),
            Math.Min(Counter(Word(ref block, mixed, 2), Shift(mixed, 2)), Counter(Word(ref block, mixed, 3), Shift(mixed, 3))));
    }

    /// <summary>Counts reads of a key.</summary>
    /// <param name="hash">Of the key.</param>
    /// <param name="reads">How many.</param>
    /// <param name="entries">How many entries the cache has, by which the counters age.</param>
    public void Add(int hash, int reads, int entries)
    {
        if (entries > _words.Length)
        {
            Grow();
        }

        // Only the rows that say least are raised: what the others say more is of other keys.
        var mixed = Mix(hash);
        ref var block = ref Block(mixed);
        ref var first = ref Word(ref block, mixed, 0);
        ref var second = ref Word(ref block, mixed, 1);
        ref var third = ref Word(ref block, mixed, 2);
        ref var fourth = ref Word(ref block, mixed, 3);
        var least = Math.Min(
            Math.Min(Counter(first, Shift(mixed, 0)), Counter(second, Shift(mixed, 1))), Math.Min(Counter(third, Shift(mixed, 2)), Counter(fourth, Shift(mixed, 3))));
        var count = Math.Min(Highest, least + reads);
        Raise(ref first, Shift(mixed, 0), count);
        Raise(ref second, Shift(mixed, 1), count);
        Raise(ref third, Shift(mixed, 2), count);
        Raise(ref fourth, Shift(mixed, 3), count);

        _additions += reads;
        if (_additions >= AdditionsPerEntry * (long)Math.Max(entries, FewestWords / 4))
        {
            Halve();
        }
    }

    /// <summary>Gives memory back that more entries needed; what was counted is forgotten.</summary>
    public void Trim(int entries)
    {
        if (_words.Length > FewestWords && entries < _words.Length / 8)
        {
            _words = new ulong[Math.Max(FewestWords, (int)BitOperations.RoundUpToPowerOf2((uint)entries))];
            _additions = 0;
        }
    }

    // The low twenty bits pick the counters, five a row; the high half picks the block.
    private static ulong Mix(int hash)
    {
        var mixed = (uint)hash * 0x9E3779B97F4A7C15;
        mixed ^= mixed >> 32;
        mixed *= 0xD6E8FEB86659FD93;
        return mixed ^ (mixed >> 32);
    }

    private static ref ulong Word(ref ulong block, ulong mixed, int row) => ref Unsafe.Add(ref block, (row << 1) | (int)((mixed >> (5 * row)) & 1));

    private static int Shift(ulong mixed, int row) => (int)((mixed >> ((5 * row) + 1)) & 15) << 2;

    private static int Counter(ulong word, int shift) => (int)(word >> shift) & Highest;

    private static void Raise(ref ulong word, int shift, int count) => word += (ulong)Math.Max(0, count - Counter(word, shift)) << shift;

    private ref ulong Block(ulong mixed) =>
        ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_words), (int)(mixed >> 32) & (_words.Length - WordsPerBlock)); // a power of two

    private void Grow()
    {
        var words = new ulong[_words.Length * 2]; // the index gains a bit above, so each word counts on in two places
        _words.CopyTo(words, 0);
        _words.CopyTo(words, _words.Length);
        _words = words;
    }

    private void Halve()
    {
        for (var i = 0; i < _words.Length; i++)
        {
            _words[i] = (_words[i] >> 1) & Halves;
        }

        _additions /= 2;
    }
}
