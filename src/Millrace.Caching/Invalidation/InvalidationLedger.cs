using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Invalidation;

// Which invalidations there have been, as stamps of one sequence that moves by one with each.
//
// A value carries the sequence as it stood when the read of its source began. It is covered, that is invalid, if a tag of its own, or everything,
// carries a later stamp. Invalidating therefore costs O(1), however many entries it covers, and counts for entries that are still on their way.
//
// Order of writes and reads:
//   - an invalidation, under the lock, writes its stamp to the table first and moves the sequence second. Whoever sees the sequence at s sees
//     every stamp up to s in the table, so an entry that was found valid at s needs no second look while the sequence stands at s: one
//     comparison on the hit path.
//   - forgetting, under the lock, raises the floor first and drops stamps second; a reader looks at the table first and at the floor second.
//     Whoever misses a dropped stamp therefore sees the floor that stands for it.
//
// Bound: the table holds at most `limit` tags. At the limit the older half is dropped, and the floor rises to the youngest stamp dropped: every
// tagged value whose read began before that counts as covered. That errs towards a miss, never towards a stale value.
internal sealed class InvalidationLedger(string cacheName, int limit, ILogger logger)
{
    private readonly Lock _lock = new(); // guards all writes of the fields below
    private readonly ConcurrentDictionary<string, long> _tags = new(StringComparer.Ordinal);
    private int _tagCount;
    private long _sequence;
    private long _everything;
    private long _floor;

    /// <summary>The stamp of the last invalidation; 0 when there has been none.</summary>
    public long Sequence => Volatile.Read(ref _sequence);

    /// <summary>The tags remembered.</summary>
    public int TagCount => Volatile.Read(ref _tagCount);

    public void InvalidateTag(string tag)
    {
        var forgot = false;
        lock (_lock)
        {
            if (_tagCount >= limit && !_tags.ContainsKey(tag))
            {
                Forget();
                forgot = true;
            }

            var stamp = _sequence + 1;
            if (_tags.TryAdd(tag, stamp))
            {
                _tagCount++;
            }
            else
            {
                _tags[tag] = stamp;
            }

            Volatile.Write(ref _sequence, stamp);
        }

        if (forgot)
        {
            Log.TagsForgotten(logger, cacheName, limit);
        }
    }

    public void InvalidateEverything()
    {
        lock (_lock)
        {
            var stamp = _sequence + 1;
            Volatile.Write(ref _everything, stamp);
            _tags.Clear(); // what they covered is covered now
            _tagCount = 0;
            Volatile.Write(ref _sequence, stamp);
        }
    }

    /// <summary>True if something was invalidated after <paramref name="stamp"/> that covers a value with these tags.</summary>
    public bool Covers(long stamp, string[] tags)
    {
        if (tags.Length > 0)
        {
            foreach (var tag in tags)
            {
                if (_tags.TryGetValue(tag, out var invalidated) && stamp < invalidated)
                {
                    return true;
                }
            }

            if (stamp < Volatile.Read(ref _floor))
            {
                return true;
            }
        }

        return stamp < Volatile.Read(ref _everything);
    }

    private void Forget()
    {
        var stamps = _tags.ToArray();
        Array.Sort(stamps, static (a, b) => a.Value.CompareTo(b.Value));
        var dropped = (stamps.Length + 1) / 2;
        Volatile.Write(ref _floor, stamps[dropped - 1].Value);
        for (var i = 0; i < dropped; i++)
        {
            _tags.TryRemove(stamps[i].Key, out _);
        }

        _tagCount -= dropped;
    }
}
