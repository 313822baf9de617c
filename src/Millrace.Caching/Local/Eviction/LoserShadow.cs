using System.Numerics;
using System.Runtime.InteropServices;

namespace Millrace.Caching.Local.Eviction;

/// <summary>
/// Remembers the hashes of the entries that one part of the cache lost last, a thirty-second of the cache's entries. A miss of a key that is remembered
/// would have been a hit, had that part been larger by so much: the shadow queue of Cidon, Eisenman, Alizadeh, Katti, "Cliffhanger: Scaling
/// Performance Cliffs in Web Memory Caches", NSDI 2016.
/// </summary>
/// <remarks>
/// One place per hash, a later loser takes the place of an earlier one: lossy, by the same share in each part, and one byte per entry of the cache. Not
/// thread-safe: under the store's lock.
/// </remarks>
internal sealed class LoserShadow
{
    private const int FewestPlaces = 16;
    private const int PlacesPerDepth = 4;
    private const int Share = 32;

    private Place[] _places = new Place[FewestPlaces];
    private uint _turn; // goes round

    /// <summary>Misses that a larger part would have answered, since <see cref="Reset"/>.</summary>
    public int Misses { get; private set; }

    public void Lost(int hash, int entries)
    {
        var length = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(FewestPlaces, entries / Share * PlacesPerDepth));
        if (length > _places.Length || length < _places.Length / 4)
        {
            _places = new Place[length];
        }

        _places[hash & (_places.Length - 1)] = new Place(hash, ++_turn);
    }

    /// <summary>A key was missed and is stored now.</summary>
    public void Missed(int hash, int entries)
    {
        ref var place = ref _places[hash & (_places.Length - 1)];
        if (place.Hash == hash && place.Turn != 0)
        {
            Misses += _turn - place.Turn < Math.Max(4, entries / Share) ? 1 : 0;
            place = default;
        }
    }

    public void Reset() => Misses = 0;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Place(int Hash, uint Turn);
}
