using System.Numerics;

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

    public int Of(int hash)
    {
        var mixed = Mix(hash);
        var block = Block(mixed);
        var least = Highest;
        for (var row = 0; row < 4; row++, mixed >>= 5)
        {
            least = Math.Min(least, (int)(_words[block + Word(mixed, row)] >> Shift(mixed)) & Highest);
        }

        return least;
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
        var count = Math.Min(Highest, Of(hash) + reads);
        var mixed = Mix(hash);
        var block = Block(mixed);
        for (var row = 0; row < 4; row++, mixed >>= 5)
        {
            ref var word = ref _words[block + Word(mixed, row)];
            var shift = Shift(mixed);
            word += (ulong)Math.Max(0, count - ((int)(word >> shift) & Highest)) << shift;
        }

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

    private static int Word(ulong mixed, int row) => (row << 1) | (int)(mixed & 1);

    private static int Shift(ulong mixed) => (int)((mixed >> 1) & 15) << 2;

    private int Block(ulong mixed) => (int)(mixed >> 32) & (_words.Length - WordsPerBlock);

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
