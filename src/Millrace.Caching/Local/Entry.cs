using Millrace.Caching.Statistics;

namespace Millrace.Caching.Local;

/// <summary>A value in L1. What readers need is immutable or a single word; the links belong to the lock of <see cref="LocalStore"/>.</summary>
internal abstract class Entry
{
    // What an entry costs beside its key and value: this object, its dictionary node, its value's header. Measured at about 230 bytes.
    private const long Overhead = 256;
    private const long StringOverhead = 24;

    private long _slidesTo;
    private long _checkedAt;

    protected Entry(in EntryHead head, long valueBytes)
    {
        (Key, Tags, Stamp, Order) = (head.Key, head.Tags, head.Stamp, head.Order);
        (ExpiresAt, SlidingSpan, Pattern) = (head.ExpiresAt, head.SlidingSpan, head.Pattern);
        _slidesTo = SlidingSpan == 0 ? long.MaxValue : head.Now + SlidingSpan;
        _checkedAt = -1;
        ValueBytes = valueBytes;
        Weight = Overhead + (2L * Key.Length) + valueBytes;
        foreach (var tag in Tags)
        {
            Weight += StringOverhead + (2L * tag.Length);
        }
    }

    public string Key { get; }

    public string[] Tags { get; }

    public long Stamp { get; }

    public long Order { get; }

    public long ExpiresAt { get; }

    public long SlidingSpan { get; }

    public KeyPattern Pattern { get; }

    /// <summary>The type that the value was stored as.</summary>
    public abstract Type ValueType { get; }

    /// <summary>What the value alone weighs.</summary>
    public long ValueBytes { get; }

    /// <summary>Bytes, as they count against the bound.</summary>
    public long Weight { get; }

    /// <summary>The stamp of the last invalidation that the entry is known to have survived; -1: not checked yet.</summary>
    public long CheckedAt
    {
        get => Volatile.Read(ref _checkedAt);
        set => Volatile.Write(ref _checkedAt, value);
    }

    /// <summary>When it expires if nobody reads it again.</summary>
    public long Deadline => Math.Min(ExpiresAt, Volatile.Read(ref _slidesTo));

    /// <summary>SIEVE's mark: read since the hand last passed. Races are harmless, a lost mark is one lost read.</summary>
    public bool Visited { get; set; }

    /// <summary>True while the store holds it; guarded by the store's lock.</summary>
    public bool IsResident { get; set; }

    // Links of SieveQueue and TimerWheel; guarded by the store's lock.
    public Entry? Newer { get; set; }

    public Entry? Older { get; set; }

    public Entry? WheelNext { get; set; }

    public Entry? WheelPrevious { get; set; }

    public int Slot { get; set; } = -1;

    public bool IsExpired(long now) => now >= Deadline;

    /// <summary>Notes a read: keeps the entry from eviction, and prolongs it if it slides.</summary>
    public void Touch(long now)
    {
        if (!Visited)
        {
            Visited = true;
        }

        if (SlidingSpan != 0)
        {
            Volatile.Write(ref _slidesTo, now + SlidingSpan);
        }
    }
}

/// <summary>An entry whose value has type <typeparamref name="T"/>.</summary>
internal abstract class Entry<T>(in EntryHead head, long valueBytes) : Entry(head, valueBytes)
{
    public override Type ValueType => typeof(T);

    /// <summary>The value: shared, or a copy of the reader's own.</summary>
    public abstract T Read();
}
