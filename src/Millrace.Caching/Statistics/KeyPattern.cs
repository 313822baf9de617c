namespace Millrace.Caching.Statistics;

/// <summary>
/// The counters of one key pattern. Hits are counted by <see cref="HitCounters"/>; the rest, which happens off the hit path, by one interlocked addition
/// to a stripe of the current processor. Reading sums up.
/// </summary>
/// <param name="name">The pattern.</param>
/// <param name="number">Its place among the patterns of its cache, below 32,768.</param>
/// <param name="hits">The hits of all patterns of the cache.</param>
internal sealed class KeyPattern(string name, int number, HitCounters hits)
{
    private const int Stride = 16; // 128 bytes: the counters of two processors never share a cache line, nor a pair that is fetched together
    private const int MissCell = 0, JoinCell = 1, RunCell = 2, FailureCell = 3, RejectionCell = 4, DoomedCell = 5, RemoteHitCell = 6,
        StaleCell = 7, WaitCell = 8;

    private static readonly int Mask = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 64)) - 1;

    private readonly long[] _cells = new long[(Mask + 2) * Stride]; // the first stride keeps the array's header away from the counters
    private long _landings; // these six are written under the store's lock
    private long _stores;
    private long _evictions;
    private long _expirations;
    private long _entries;
    private long _bytes;
    private int _saidTooHeavy;
    private LatencyHistogram? _sourceReads;
    private LatencyHistogram? _remoteReads;
    private long _saidUnreadableAt;

    public string Name { get; } = name;

    public int Number { get; } = number;

    public long Hits => hits.Of(Number);

    public long Misses => Sum(MissCell) + Volatile.Read(ref _landings);

    public long Joins => Sum(JoinCell);

    public long Runs => Sum(RunCell) + Volatile.Read(ref _landings);

    public long Failures => Sum(FailureCell);

    public long Stores => Volatile.Read(ref _stores);

    public long Rejections => Sum(RejectionCell);

    public long DoomedValues => Sum(DoomedCell);

    public long RemoteHits => Sum(RemoteHitCell);

    public long StaleHits => Sum(StaleCell);

    public long LeaseWaits => Sum(WaitCell);

    public long Evictions => Volatile.Read(ref _evictions);

    public long Expirations => Volatile.Read(ref _expirations);

    public long Entries => Volatile.Read(ref _entries);

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How long the source took; null before it was timed.</summary>
    public LatencyHistogram? SourceReads => Volatile.Read(ref _sourceReads);

    /// <summary>How long the second level took; null before it answered.</summary>
    public LatencyHistogram? RemoteReads => Volatile.Read(ref _remoteReads);

    public void Hit() => hits.Count(Number);

    public void Missed() => Count(MissCell);

    public void Joined() => Count(JoinCell);

    public void Ran() => Count(RunCell);

    public void Failed() => Count(FailureCell);

    public void Rejected() => Count(RejectionCell);

    public void Doomed() => Count(DoomedCell);

    /// <summary>The source took so long, whatever came of it.</summary>
    public void SourceTook(TimeSpan duration) => Histogram(ref _sourceReads).Add(duration);

    /// <summary>The second level took so long to answer.</summary>
    public void RemoteTook(TimeSpan duration) => Histogram(ref _remoteReads).Add(duration);

    /// <summary>The second level had the value.</summary>
    public void RemoteHit() => Count(RemoteHitCell);

    /// <summary>A value was served that may be stale.</summary>
    public void StaleHit() => Count(StaleCell);

    /// <summary>Another node was at the source, and was waited for.</summary>
    public void Waited() => Count(WaitCell);

    /// <summary>A miss ran its source at once.</summary>
    public void Landed() => Volatile.Write(ref _landings, _landings + 1);

    public void Stored() => Volatile.Write(ref _stores, _stores + 1);

    public void Evicted() => Volatile.Write(ref _evictions, _evictions + 1);

    public void Expired() => Volatile.Write(ref _expirations, _expirations + 1);

    public void Added(long bytes)
    {
        Volatile.Write(ref _entries, _entries + 1);
        Volatile.Write(ref _bytes, _bytes + bytes);
    }

    public void Removed(long bytes)
    {
        Volatile.Write(ref _entries, _entries - 1);
        Volatile.Write(ref _bytes, _bytes - bytes);
    }

    /// <summary>True once a minute.</summary>
    public bool MaySayUnreadable(TimeProvider time)
    {
        var now = time.GetTimestamp();
        var said = Volatile.Read(ref _saidUnreadableAt);
        return (said == 0 || time.GetElapsedTime(said, now) > TimeSpan.FromMinutes(1)) && Interlocked.CompareExchange(ref _saidUnreadableAt, now, said) == said;
    }

    /// <summary>True once.</summary>
    public bool FirstTooHeavy() => Interlocked.Exchange(ref _saidTooHeavy, 1) == 0;

    private static LatencyHistogram Histogram(ref LatencyHistogram? histogram) =>
        Volatile.Read(ref histogram) ?? Interlocked.CompareExchange(ref histogram, new LatencyHistogram(), null) ?? histogram!;

    private void Count(int cell) => Interlocked.Increment(ref _cells[(((Thread.GetCurrentProcessorId() & Mask) + 1) * Stride) + cell]);

    private long Sum(int cell)
    {
        var sum = 0L;
        for (var i = Stride + cell; i < _cells.Length; i += Stride)
        {
            sum += Volatile.Read(ref _cells[i]);
        }

        return sum;
    }
}
