namespace Millrace.Caching.Local.Expiry;

// A hashed timing wheel with one list per slot: scheme 6 of Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.
//
// Time is cut into ticks. An entry hangs in the slot of the first tick at which it may go, modulo the number of slots. Advancing moves the passed
// slots' entries to a list of due ones, and the owner takes them from there one by one, so that it can pause between any two. A due entry whose time
// is later (more than one round away, or moved by a read) is hung in again; nothing is rescheduled when it is read.
//
// Adding and removing are O(1); an entry is looked at once per round, that is every SlotCount ticks, and once when it is over.
// Invariant, under the store's lock: every resident entry hangs in exactly one slot or in the list of due ones; Entry.Slot says in which.
internal sealed class TimerWheel
{
    private const int SlotCount = 4096;
    private const short Due = SlotCount;

    private readonly Entry?[] _slots = new Entry?[SlotCount + 1];
    private readonly long _tickLength;
    private long _passed; // the last tick whose slot was moved to the due list

    public TimerWheel(long tickLength, long now)
    {
        _tickLength = tickLength;
        _passed = now / tickLength;
    }

    /// <summary>Hangs an entry in.</summary>
    /// <param name="entry">The entry, which hangs nowhere.</param>
    /// <param name="goneAt">When it may go.</param>
    public void Add(Entry entry, long goneAt)
    {
        var tick = Math.Max((goneAt / _tickLength) + 1, _passed + 1);
        Hang(entry, (short)(tick % SlotCount));
    }

    public void Remove(Entry entry)
    {
        if (entry.WheelPrevious is null)
        {
            _slots[entry.Slot] = entry.WheelNext;
        }
        else
        {
            entry.WheelPrevious.WheelNext = entry.WheelNext;
        }

        if (entry.WheelNext is not null)
        {
            entry.WheelNext.WheelPrevious = entry.WheelPrevious;
        }

        entry.WheelNext = entry.WheelPrevious = null;
        entry.Slot = -1;
    }

    /// <summary>The next entry that may be over at <paramref name="now"/>, taken out of the wheel: remove it from the store or add it again.</summary>
    public Entry? TakeDue(long now)
    {
        if (_slots[Due] is null && now < (_passed + 1) * _tickLength)
        {
            return null; // most of the time, and without a division
        }

        var tick = now / _tickLength;
        _passed = Math.Max(_passed, tick - SlotCount); // after a long pause each slot passes once
        while (_slots[Due] is null && _passed < tick)
        {
            _passed++;
            MoveToDue((int)(_passed % SlotCount));
        }

        var entry = _slots[Due];
        if (entry is not null)
        {
            Remove(entry);
        }

        return entry;
    }

    private void MoveToDue(int slot)
    {
        _slots[Due] = _slots[slot];
        _slots[slot] = null;
        for (var entry = _slots[Due]; entry is not null; entry = entry.WheelNext)
        {
            entry.Slot = Due;
        }
    }

    private void Hang(Entry entry, short slot)
    {
        entry.Slot = slot;
        entry.WheelNext = _slots[slot];
        if (entry.WheelNext is not null)
        {
            entry.WheelNext.WheelPrevious = entry;
        }

        _slots[slot] = entry;
    }
}
