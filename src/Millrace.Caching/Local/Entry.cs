using System.Runtime.CompilerServices;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Local;

// A value in L1. It is its own node of the eviction queue and of the timer wheel, because a million entries are a million times
// the overhead of each: 104 bytes with a reference to the value, where separate nodes took 230. What readers touch (the key, the hash, the stamp, the deadline,
// the count of reads, the value) is immutable or a single word; all links belong to the lock of LocalStore.
//
// Three words are packed:
//   - The stamp begins as the stamp of the read of the source. An entry that was found uncovered by everything up to sequence s counts from then on as
//     read at s: nothing up to s covers it, and whatever comes later has a greater stamp. So one word serves as stamp and as mark of the last check.
//   - The deadline is the low half of a timestamp in milliseconds. It counts as ahead only if it is less than Horizon (12 days) ahead, so that a deadline
//     that has passed stays passed for 37 days, and maintenance looks at it within two seconds. Later deadlines stand in an EntrySchedule, and
//     the short one is then the next moment to look there.
//   - The order has 48 bits (four years of a million stores a second between two stores of one key), whether there is an EntrySchedule 1, the number of
//     the key pattern 15.
internal abstract class Entry
{
    public const int HeaviestWeight = int.MaxValue;

    // What an entry costs beside its key, tags and value, measured: itself 104, its places in the hash table 10 to 20, in sketch and shadow 9; and what
    // a collector leaves between objects.
    private const long Overhead = 144;
    private const uint Horizon = 1u << 30;
    private const int OrderShift = 16;
    private const ulong ScheduledBit = 1 << 15;

    private readonly object _terms; // string[]: its tags; or an EntrySchedule
    private readonly ulong _orderAndPattern;
    private long _stamp;
    private int _deadline;

    protected Entry(in EntryHead head, long valueBytes)
    {
        Key = head.Key;
        _stamp = head.Stamp;
        var slidesTo = head.SlidingSpan == 0 ? long.MaxValue : head.Now + head.SlidingSpan;
        var deadline = Math.Min(head.ExpiresAt, slidesTo);
        var renewal = head.GoneAt == 0 && head.RefreshAt == 0 ? null : new EntryRenewal(head.GoneAt, head.RefreshAt == 0 ? EntryRenewal.Never : head.RefreshAt);
        var isScheduled = renewal is not null || head.SlidingSpan != 0 || deadline - head.Now >= Horizon;
        _terms = isScheduled ? new EntrySchedule(head.Tags, head.ExpiresAt, head.SlidingSpan, slidesTo, renewal) : head.Tags;
        _orderAndPattern = ((ulong)head.Order << OrderShift) | (isScheduled ? ScheduledBit : 0) | (uint)head.Pattern.Number;
        _deadline = Soft(deadline, head.Now);
        Weight = (int)Math.Min(HeaviestWeight, Frame(head.Key, head.Tags) + Math.Min(valueBytes, HeaviestWeight));
    }

    public string Key { get; }

    public string[] Tags => Schedule is { } schedule ? schedule.Tags : Unsafe.As<string[]>(_terms);

    /// <summary>The stamp up to which no invalidation covers the entry: that of the read of its source, or of the last check that it survived.</summary>
    public long Stamp
    {
        get => Volatile.Read(ref _stamp);
        set => Volatile.Write(ref _stamp, value);
    }

    public long Order => (long)(_orderAndPattern >> OrderShift);

    /// <summary>The number of its <see cref="KeyPattern"/>.</summary>
    public int PatternNumber => (int)(_orderAndPattern & (ScheduledBit - 1));

    /// <summary>Null for an entry that is neither kept after its expiry nor refreshed before it.</summary>
    public EntryRenewal? Renewal => Schedule?.Renewal;

    /// <summary>The type that the value was stored as.</summary>
    public abstract Type ValueType { get; }

    /// <summary>What the value alone weighs.</summary>
    public long ValueBytes => Weight == HeaviestWeight ? HeaviestWeight : Weight - Frame(Key, Tags);

    /// <summary>Bytes, as they count against the bound; <see cref="HeaviestWeight"/> means at least as much.</summary>
    public int Weight { get; }

    /// <summary>True if a read has more to do than to take the value: it prolongs the entry or has it refreshed, perhaps.</summary>
    public bool IsScheduled => (_orderAndPattern & ScheduledBit) != 0;

    /// <summary>Reads since eviction last looked, up to a small number. Races are harmless, a lost one is one lost read.</summary>
    public byte Reads;

    /// <summary>Guarded by the store's lock.</summary>
    public EntrySection Section;

    // The rest is guarded by the store's lock too, but Hash is read without it.
    public short Slot = -1; // of TimerWheel
    public int Hash;
    public Entry? Newer; // in an EntryQueue
    public Entry? Older;
    public Entry? WheelNext;
    public Entry? WheelPrevious;

    /// <summary>True while the store holds it; guarded by the store's lock.</summary>
    public bool IsResident => Section != EntrySection.None;

    private EntrySchedule? Schedule => IsScheduled ? Unsafe.As<EntrySchedule>(_terms) : null;

    /// <summary>True if it is not fresh any more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsExpired(long now) => !IsAhead(now) && IsOver(now);

    /// <summary>True if it need not be kept: expired, and not held for those who may read stale values.</summary>
    public bool IsGone(long now) => now >= GoneAt(now);

    /// <summary>When it expires if nobody reads it again.</summary>
    public long Deadline(long now) => Schedule?.Deadline ?? now + (Volatile.Read(ref _deadline) - (int)now);

    /// <summary>Until when it is kept.</summary>
    public long GoneAt(long now) => Math.Max(Deadline(now), Renewal?.GoneAt ?? 0);

    /// <summary>True if a read is to have it refreshed.</summary>
    public bool IsDue(long now) => Renewal is { } renewal && now >= renewal.RefreshAt;

    /// <summary>The same with another expiry. What it is kept beyond its expiry, or refreshed before it, it is as long beyond or before the new one.</summary>
    /// <param name="now">The time.</param>
    /// <param name="expiresAt">The new expiry.</param>
    /// <param name="pattern">Its key pattern.</param>
    public Entry Retimed(long now, long expiresAt, KeyPattern pattern)
    {
        var old = Schedule?.ExpiresAt ?? Deadline(now);
        var goneAt = Renewal is { GoneAt: > 0 } kept ? kept.GoneAt - old + expiresAt : 0;
        var refreshAt = Renewal is { RefreshAt: > 0 and < EntryRenewal.Never } due ? Math.Max(now, due.RefreshAt - old + expiresAt) : 0;
        return Again(new EntryHead(Key, Tags, Stamp, Order, expiresAt, Schedule?.SlidingSpan ?? 0, now, pattern, goneAt, refreshAt));
    }

    /// <summary>The same value under another head.</summary>
    protected abstract Entry Again(in EntryHead head);

    /// <summary>Notes a read; it prolongs the entry if that slides.</summary>
    public void Slide(long now)
    {
        if (Schedule is { SlidingSpan: > 0 } schedule)
        {
            schedule.Slide(now);
            Volatile.Write(ref _deadline, Soft(schedule.Deadline, now));
        }
    }

    private static int Soft(long deadline, long now) => (int)Math.Min(deadline, now + Horizon);

    private static long Frame(string key, string[] tags)
    {
        var weight = Overhead + OfText(key);
        foreach (var tag in tags)
        {
            weight += sizeof(long) + OfText(tag);
        }

        return weight;
    }

    private static long OfText(string text) => (22 + (2L * text.Length) + 7) & ~7L; // as the runtime lays strings out

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsAhead(long now) => (uint)(Volatile.Read(ref _deadline) - (int)now - 1) < Horizon;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsOver(long now)
    {
        if (Schedule is not { } schedule || now >= schedule.Deadline)
        {
            return true;
        }

        Volatile.Write(ref _deadline, Soft(schedule.Deadline, now));
        return false;
    }
}

/// <summary>An entry whose value has type <typeparamref name="T"/>.</summary>
internal abstract class Entry<T>(in EntryHead head, long valueBytes) : Entry(head, valueBytes)
{
    public override Type ValueType => typeof(T);

    /// <summary>The value: shared, or a copy of the reader's own.</summary>
    public abstract T Read();
}
