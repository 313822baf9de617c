using System.Numerics;

namespace Millrace.Caching.Local.Eviction;

/// <summary>
/// How often keys were read lately, about, also of keys that are not in the cache: a count-min sketch of four rows of counters of four bits, which
/// are halved after every ten additions per entry, so that old reads count for less (Einziger, Friedman, Manes: "TinyLFU: A Highly Efficient Cache
/// Admission Policy", ACM Transactions on Storage 2017). It never says too little but by halving, and too much where keys collide in all rows.
/// </summary>
/// <remarks>Eight bytes per entry. Not thread-safe: under the store's lock.</remarks>
internal sealed class FrequencySketch
{
    public const int Highest = 15;

    private const int FewestWords = 64;
    private const int AdditionsPerEntry = 10;
    private const ulong Halves = 0x7777777777777777;

    // Odd, and none a sum of others: rows whose words depend on each other would let keys that collide in two collide in all. The fractional parts of
    // the square roots of 2, 3, 5 and 7.
    private static ReadOnlySpan<ulong> Rows => [0x6A09E667F3BCC909, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1];

    private ulong[] _words = new ulong[FewestWords];
    private int _additions;

    public int WordCount => _words.Length;

    public int Of(int hash)
    {
        var (mixed, column) = Spread(hash);
        var least = Highest;
        for (var row = 0; row < 4; row++)
        {
            least = Math.Min(least, (int)(_words[Word(mixed, row)] >> Shift(column, row)) & Highest);
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
        var (mixed, column) = Spread(hash);
        for (var row = 0; row < 4; row++)
        {
            ref var word = ref _words[Word(mixed, row)];
            var shift = Shift(column, row);
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

    // One counter of each row, in up to four words: the row picks the word by its part of the mixed hash, the low bits of the hash pick the column.
    private static (ulong Mixed, int Column) Spread(int hash)
    {
        var mixed = (uint)hash * 0x9E3779B97F4A7C15;
        mixed ^= mixed >> 32;
        mixed *= 0xD6E8FEB86659FD93;
        return (mixed, (int)(mixed >> 62) << 4);
    }

    private static int Shift(int column, int row) => column + (row << 2);

    private int Word(ulong mixed, int row) => (int)((mixed * Rows[row]) >> 32) & (_words.Length - 1);

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
