namespace Millrace.Caching.Local;

/// <summary>What an entry has that is kept for a while after its expiry, or refreshed before it. Thread-safe.</summary>
/// <param name="goneAt">Until when it is kept, a timestamp of the cache's clock; 0: no longer than it is fresh.</param>
/// <param name="refreshAt">From when on a read has it refreshed; <see cref="Never"/>.</param>
internal sealed class EntryRenewal(long goneAt, long refreshAt)
{
    public const long Never = long.MaxValue;

    private long _refreshAt = refreshAt;
    private long _retryAt;
    private int _failures;

    public long GoneAt { get; } = goneAt;

    public long RefreshAt => Volatile.Read(ref _refreshAt);

    /// <summary>Until when the source is left alone, because it has failed.</summary>
    public long RetryAt
    {
        get => Volatile.Read(ref _retryAt);
        set => Volatile.Write(ref _retryAt, value);
    }

    /// <summary>True for one of those who find it due.</summary>
    public bool TryClaim(long now) => RefreshAt is var due && now >= due && Interlocked.CompareExchange(ref _refreshAt, Never, due) == due;

    /// <summary>It was not refreshed: from then on it is due again.</summary>
    public void Again(long at) => Volatile.Write(ref _refreshAt, at);

    /// <summary>It was refreshed, and may be again at any time.</summary>
    public void Done()
    {
        Volatile.Write(ref _failures, 0);
        Again(0);
    }

    /// <summary>Counts the refreshes that failed, this one included.</summary>
    public int Failed() => Interlocked.Increment(ref _failures);
}
