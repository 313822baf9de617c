using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Invalidation;

// Which invalidations there have been, as stamps of one sequence that moves by two with each (Step; InvalidationLedger.Partitions.cs says what odd ones are).
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
// Patterns are a short list, newest first. An entry that survived a check at sequence s needs to be compared only with patterns after s, so each
// entry meets each pattern once. When a walk over all entries has ended that began at sequence s, patterns up to s have done their work for those
// entries; they are kept for reads in progress, until there are more than `WalkedPatterns` of them. What arrives later with an older stamp than a
// pattern that is not remembered counts as covered.
//
// Trust is of the same kind: where the cache shares a second level, an entry may be served as fresh only if its read began after the last loss of
// the connection that tells of changes (Distrust), and only while the node's own lease of trust lasts (TrustedUntil). Both are never in the way of
// a cache that stands alone.
//
// Bound: the table holds at most `limit` tags. At the limit the older half is dropped, and the floor rises to the youngest stamp dropped: every
// tagged value whose read began before that counts as covered. That errs towards a miss, never towards a stale value.
internal sealed partial class InvalidationLedger(string cacheName, int limit, ILogger logger)
{
    private const int PatternLimit = 1024;
    private const int WalkedPatterns = 256;
    private const long Step = 2;

    private readonly Lock _lock = new(); // guards all writes of the fields below
    private readonly ConcurrentDictionary<string, long> _tags = new(StringComparer.Ordinal);
    private int _tagCount;
    private long _sequence;
    private long _everything;
    private long _floor;
    private (long Stamp, KeyGlob Glob)[] _patterns = []; // newest first; replaced, never changed
    private long _patternFloor;
    private long _distrusted;
    private long _trustedUntil = long.MaxValue;

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

            var stamp = _sequence + Step;
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
            var stamp = _sequence + Step;
            Volatile.Write(ref _everything, stamp);
            _tags.Clear(); // what they covered is covered now
            _tagCount = 0;
            Volatile.Write(ref _patterns, []);
            Volatile.Write(ref _sequence, stamp);
        }
    }

    /// <summary>Until when entries may be served as fresh, as a timestamp of the cache's clock. Forever, unless a second level is shared.</summary>
    public long TrustedUntil
    {
        get => Volatile.Read(ref _trustedUntil);
        set => Volatile.Write(ref _trustedUntil, value);
    }

    public void InvalidatePattern(KeyGlob glob)
    {
        lock (_lock)
        {
            var stamp = _sequence + Step;
            var older = Array.FindAll(_patterns, pattern => pattern.Glob.Text != glob.Text);
            if (older.Length >= PatternLimit)
            {
                older = Drop(older, PatternLimit / 2);
            }

            Volatile.Write(ref _patterns, [(stamp, glob), .. older]);
            Volatile.Write(ref _sequence, stamp);
        }
    }

    /// <summary>What was read before this moment may be stale and nobody would have told: it is valid no more.</summary>
    public void Distrust()
    {
        lock (_lock)
        {
            var stamp = _sequence + Step;
            Volatile.Write(ref _distrusted, stamp);
            Volatile.Write(ref _sequence, stamp);
        }
    }

    /// <summary>A walk over all entries that began at a sequence has ended: each was removed or found valid at it.</summary>
    public void Walked(long sequence)
    {
        lock (_lock)
        {
            var kept = Array.FindIndex(_patterns, pattern => pattern.Stamp <= sequence);
            if (kept >= 0 && _patterns.Length > WalkedPatterns)
            {
                Volatile.Write(ref _patterns, Drop(_patterns, Math.Max(kept, WalkedPatterns / 2)));
            }
        }
    }

    /// <summary>True if something was invalidated after <paramref name="stamp"/> that covers a value with this key and these tags.</summary>
    /// <param name="stamp">When its read began.</param>
    /// <param name="checkedAt">The sequence at which it was last found valid; -1: never.</param>
    /// <param name="key">Its key.</param>
    /// <param name="tags">Its tags.</param>
    public bool Covers(long stamp, long checkedAt, string key, string[] tags) =>
        stamp < Volatile.Read(ref _distrusted) || (_partitions is not null && IsUntrusted(stamp, key)) || CoversStale(stamp, checkedAt, key, tags);

    /// <summary>The same without regard to trust: false means that the value is the last that is known, and may be served where stale values may.</summary>
    public bool CoversStale(long stamp, long checkedAt, string key, string[] tags) =>
        Covers(stamp, tags) || CoveredByPattern(Math.Max(stamp, checkedAt), key);

    private bool CoveredByPattern(long since, string key)
    {
        // Table first, floor second, as with tags.
        foreach (var (stamp, glob) in Volatile.Read(ref _patterns))
        {
            if (stamp <= since)
            {
                break;
            }

            if (glob.Matches(key))
            {
                return true;
            }
        }

        return since < Volatile.Read(ref _patternFloor);
    }

    private bool Covers(long stamp, string[] tags)
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

    /// <summary>Keeps the newest ones; what is older than the others counts as covered, unless it was checked since. Under the lock.</summary>
    private (long Stamp, KeyGlob Glob)[] Drop((long Stamp, KeyGlob Glob)[] patterns, int kept)
    {
        if (kept >= patterns.Length)
        {
            return patterns;
        }

        Volatile.Write(ref _patternFloor, patterns[kept].Stamp);
        return patterns[..kept];
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
