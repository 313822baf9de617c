using Millrace.Redis.Protocol;

namespace Millrace.Redis.Commands;

/// <summary>Keys by the slot of the cluster that holds them, as their places in the caller's order.</summary>
internal sealed class SlotGroups
{
    private readonly int[] _places;
    private readonly List<int> _starts = [];

    private SlotGroups(int[] places, int[] slots)
    {
        _places = places;
        for (var i = 0; i < slots.Length; i++)
        {
            if (i == 0 || slots[i] != slots[i - 1])
            {
                _starts.Add(i);
            }
        }
    }

    /// <summary>How many slots there are.</summary>
    public int Count => _starts.Count;

    /// <summary>Sorts keys by slot.</summary>
    /// <returns>Null when they go into one command: they share a slot.</returns>
    public static SlotGroups? Of(ReadOnlySpan<RedisKey> keys)
    {
        if (keys.Length < 2)
        {
            return null;
        }

        var slots = new int[keys.Length];
        var places = new int[keys.Length];
        var isOne = true;
        for (var i = 0; i < keys.Length; i++)
        {
            slots[i] = HashSlot.Of(keys[i].Argument);
            places[i] = i;
            isOne &= slots[i] == slots[0];
        }

        if (isOne)
        {
            return null;
        }

        // Stable by the place: of a key that is written twice, the caller's last value has to stay.
        Array.Sort(places, (left, right) => slots[left] != slots[right] ? slots[left].CompareTo(slots[right]) : left.CompareTo(right));
        Array.Sort(slots);
        return new SlotGroups(places, slots);
    }

    /// <summary>The places of the keys of one slot.</summary>
    public ReadOnlySpan<int> Group(int index)
    {
        var end = index + 1 < _starts.Count ? _starts[index + 1] : _places.Length;
        return _places.AsSpan(_starts[index]..end);
    }
}
