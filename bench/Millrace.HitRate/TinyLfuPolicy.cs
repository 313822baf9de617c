using System.Numerics;

namespace Millrace.HitRate;

/// <summary>W-TinyLFU with a window of a hundredth and a segmented main part: Einziger, Friedman, Manes, ACM Transactions on Storage 2017.</summary>
internal sealed class TinyLfuPolicy : ReplacementPolicy
{
    private const double WindowShare = 0.01;
    private const double ProtectedShare = 0.8;

    private readonly int _size;
    private readonly int _windowSize;
    private readonly int _protectedSize;
    private readonly Place[] _places;
    private readonly KeyQueue _window;
    private readonly KeyQueue _probation;
    private readonly KeyQueue _protected;
    private readonly ulong[] _sketch;
    private int _additions;

    public TinyLfuPolicy(int size, int keys)
    {
        (_size, _windowSize, _places) = (size, Math.Max(1, (int)(size * WindowShare)), new Place[keys]);
        _protectedSize = (int)((size - _windowSize) * ProtectedShare);
        var (newer, older) = (new int[keys], new int[keys]);
        (_window, _probation, _protected) = (new KeyQueue(newer, older), new KeyQueue(newer, older), new KeyQueue(newer, older));
        _sketch = new ulong[BitOperations.RoundUpToPowerOf2((uint)size)];
    }

    private enum Place : byte
    {
        Out,
        Window,
        Probation,
        Protected,
    }

    public override bool Request(int key)
    {
        Count(key);
        switch (_places[key])
        {
            case Place.Window:
                _window.Remove(key);
                _window.Add(key);
                return true;
            case Place.Probation:
                _probation.Remove(key);
                _protected.Add(key);
                _places[key] = Place.Protected;
                if (_protected.Count > _protectedSize)
                {
                    var demoted = _protected.TakeOldest();
                    _probation.Add(demoted);
                    _places[demoted] = Place.Probation;
                }

                return true;
            case Place.Protected:
                _protected.Remove(key);
                _protected.Add(key);
                return true;
        }

        _places[key] = Place.Window;
        _window.Add(key);
        if (_window.Count > _windowSize)
        {
            Contest(_window.TakeOldest());
        }

        return false;
    }

    private void Contest(int candidate)
    {
        _places[candidate] = Place.Probation;
        if (_window.Count + _probation.Count + _protected.Count >= _size)
        {
            var victims = _probation.Count > 0 ? _probation : _protected;
            if (Frequency(candidate) <= Frequency(victims.Oldest))
            {
                _places[candidate] = Place.Out;
                return;
            }

            _places[victims.TakeOldest()] = Place.Out;
        }

        _probation.Add(candidate);
    }

    private static (ulong Mixed, int Column) Spread(int key)
    {
        var mixed = (uint)key * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93;
        mixed ^= mixed >> 32;
        return (mixed, (int)(mixed & 3) << 4);
    }

    private int Word(ulong mixed, int row) => (int)((mixed * (0xC3A5C85C97CB3127 + ((ulong)row * 0xB492B66FBE98F274))) >> 40) & (_sketch.Length - 1);

    private int Frequency(int key)
    {
        var (mixed, column) = Spread(key);
        var least = 15;
        for (var row = 0; row < 4; row++)
        {
            least = Math.Min(least, (int)(_sketch[Word(mixed, row)] >> (column + (row << 2))) & 15);
        }

        return least;
    }

    private void Count(int key)
    {
        var (mixed, column) = Spread(key);
        var counted = false;
        for (var row = 0; row < 4; row++)
        {
            ref var word = ref _sketch[Word(mixed, row)];
            var shift = column + (row << 2);
            if (((word >> shift) & 15) < 15)
            {
                word += 1UL << shift;
                counted = true;
            }
        }

        _additions += counted ? 1 : 0;
        if (_additions >= 10 * _size)
        {
            for (var i = 0; i < _sketch.Length; i++)
            {
                _sketch[i] = (_sketch[i] >> 1) & 0x7777777777777777;
            }

            _additions /= 2;
        }
    }
}
