namespace Millrace.Caching.Local.Eviction;

// SIEVE, after Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than LRU: an Efficient Turn-Key Eviction Algorithm for Web Caches",
// NSDI 2024.
//
// State: a queue in order of arrival (newest at the head, oldest at the tail), one mark per entry (Visited), and a hand that points into the
// queue or nowhere. A read sets the mark and moves nothing, so readers need no lock. To evict, the hand walks from where it stands towards the
// head: a marked entry loses its mark and stays where it is, the first unmarked one is the victim, and the hand rests on its neighbour on the
// newer side. At the head the hand jumps to the tail. Entries that are read keep surviving in place, while a scan's entries, which nobody reads
// again, fall to the next passing of the hand: that is what LRU lacks.
//
// Known: while every arrival is new and unread, the hand stays one victim below the head and does not wrap, so what lies behind it at the tail
// stays, read or not, until reads of newer entries let the hand gain on the head. That protects the working set from the scan, and keeps what
// has gone out of use a little longer.
//
// Invariants, all under the store's lock:
//   - the queue holds exactly the resident entries, each once;
//   - the hand, and the cursor of the reclaiming walk, stand on a resident entry or on null (which means: start at the tail). Removing the entry
//     under one of them moves it to the neighbour on the newer side;
//   - room is made before an entry is inserted, so an entry never is the victim of its own arrival.
//
// Bound: readers may mark entries as fast as the hand unmarks them, so the walk ends after one round at the latest and then takes what is under
// the hand.
//
// Rejected: LRU (a lock or a buffer per read, and one scan empties it); S3-FIFO and W-TinyLFU (a little better on some traces for a second
// queue, ghosts or a sketch; decision 0003 says when to look again).
internal sealed class SieveQueue
{
    private Entry? _newest;
    private Entry? _oldest;
    private Entry? _hand;
    private Entry? _cursor;

    public int Count { get; private set; }

    public void Add(Entry entry)
    {
        entry.Older = _newest;
        entry.Newer = null;
        if (_newest is null)
        {
            _oldest = entry;
        }
        else
        {
            _newest.Newer = entry;
        }

        _newest = entry;
        Count++;
    }

    public void Remove(Entry entry)
    {
        _hand = _hand == entry ? entry.Newer : _hand;
        _cursor = _cursor == entry ? entry.Newer : _cursor;
        if (entry.Newer is null)
        {
            _newest = entry.Older;
        }
        else
        {
            entry.Newer.Older = entry.Older;
        }

        if (entry.Older is null)
        {
            _oldest = entry.Newer;
        }
        else
        {
            entry.Older.Newer = entry.Newer;
        }

        entry.Newer = entry.Older = null;
        Count--;
    }

    /// <summary>The entry to evict next, which stays in the queue until it is removed; null when the queue is empty.</summary>
    public Entry? Victim()
    {
        var entry = _hand ?? _oldest;
        for (var steps = Count; steps > 0 && entry!.Visited; steps--)
        {
            entry.Visited = false;
            entry = entry.Newer ?? _oldest;
        }

        _hand = entry;
        return entry;
    }

    /// <summary>Starts the walk of <see cref="Walk"/> at the oldest entry.</summary>
    public void StartWalk() => _cursor = _oldest;

    /// <summary>The next entry of a walk from the oldest to the newest, which may be removed; null at the end.</summary>
    public Entry? Walk()
    {
        var entry = _cursor;
        _cursor = entry?.Newer;
        return entry;
    }
}
