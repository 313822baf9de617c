namespace Millrace.Caching.Local;

/// <summary>
/// What an entry has beside its tags if it slides, lives longer than its own short deadline can say, is kept for a while after it has expired, or is
/// refreshed before it does.
/// </summary>
/// <param name="tags">Its tags.</param>
/// <param name="expiresAt">When it expires at the latest.</param>
/// <param name="slidingSpan">After how long without a read it expires; 0: reading has no influence.</param>
/// <param name="slidesTo">When it expires unless it is read before.</param>
/// <param name="renewal">Null if it is neither kept after its expiry nor refreshed before it.</param>
internal sealed class EntrySchedule(string[] tags, long expiresAt, long slidingSpan, long slidesTo, EntryRenewal? renewal)
{
    private long _slidesTo = slidesTo;

    public string[] Tags { get; } = tags;

    public long ExpiresAt { get; } = expiresAt;

    public long SlidingSpan { get; } = slidingSpan;

    public EntryRenewal? Renewal { get; } = renewal;

    public long Deadline => Math.Min(ExpiresAt, Volatile.Read(ref _slidesTo));

    /// <summary>Notes a read at a time.</summary>
    public void Slide(long now) => Volatile.Write(ref _slidesTo, now + SlidingSpan);
}
