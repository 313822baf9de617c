namespace Millrace.Caching.Remote.Partitioned;

// Which partition has a key: rendezvous hashing, or highest random weight (Thaler and Ravishankar, "Using name-based mappings to increase hit rates",
// IEEE/ACM Transactions on Networking 6(1), 1998). Each partition's name and the key give a number; the partition with the highest has the key.
//
//   - Everybody who knows the names comes to the same answer, whatever their order, and whatever the addresses are.
//   - A name that is added takes the keys for which its number is the highest, an n-th of all, and each of the others loses as many in proportion. A name
//     that goes leaves its keys to the others, and no other key moves.
//
// The number is a mix (SplitMix64's: Steele, Lea and Flood, OOPSLA 2014) of the two hashes (StableHash), so a key is hashed once, however many partitions
// there are. Part of what is stored: a change of it moves every key.
internal sealed class Rendezvous
{
    private readonly ulong[] _seeds;

    /// <param name="names">One at least, all different.</param>
    public Rendezvous(IEnumerable<string> names)
    {
        Names = [.. names.Order(StringComparer.Ordinal)]; // equal numbers go to the first of them, in any process
        _seeds = [.. Names.Select(static name => StableHash.Of(name))];
    }

    /// <summary>The partitions' names in the order of their numbers.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of the partition that has a key.</summary>
    public int Of(string key)
    {
        if (_seeds.Length == 1)
        {
            return 0;
        }

        var hash = StableHash.Of(key);
        var (winner, highest) = (0, 0ul);
        for (var i = 0; i < _seeds.Length; i++)
        {
            var number = Mix(hash ^ _seeds[i]);
            if (number > highest)
            {
                (winner, highest) = (i, number);
            }
        }

        return winner;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
