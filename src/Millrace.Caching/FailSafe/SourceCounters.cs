namespace Millrace.Caching.FailSafe;

/// <summary>What one cache counts of slow and failing sources. Written off the hit path.</summary>
internal sealed class SourceCounters
{
    private long _softTimeouts;
    private long _hardTimeouts;
    private long _overdue;
    private long _refreshes;
    private long _refreshFailures;
    private long _refreshSkips;

    public long SoftTimeouts => Volatile.Read(ref _softTimeouts);

    public long HardTimeouts => Volatile.Read(ref _hardTimeouts);

    /// <summary>Factories that go on now though they were told to stop.</summary>
    public long Overdue => Volatile.Read(ref _overdue);

    public long Refreshes => Volatile.Read(ref _refreshes);

    public long RefreshFailures => Volatile.Read(ref _refreshFailures);

    public long RefreshSkips => Volatile.Read(ref _refreshSkips);

    public void TimedOutSoftly() => Interlocked.Increment(ref _softTimeouts);

    public void TimedOut() => Interlocked.Increment(ref _hardTimeouts);

    public void OverdueBegan() => Interlocked.Increment(ref _overdue);

    public void OverdueEnded() => Interlocked.Decrement(ref _overdue);

    public void Refreshed() => Interlocked.Increment(ref _refreshes);

    public void RefreshFailed() => Interlocked.Increment(ref _refreshFailures);

    public void RefreshSkipped() => Interlocked.Increment(ref _refreshSkips);
}
