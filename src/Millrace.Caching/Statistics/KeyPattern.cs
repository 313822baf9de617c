namespace Millrace.Caching.Statistics;

/// <summary>The counters of one key pattern. Counting is one interlocked addition to a stripe of the current processor; reading sums up.</summary>
internal sealed class KeyPattern(string name)
{
    private const int Stride = 16; // 128 bytes: the counters of two processors never share a cache line, nor a pair that is fetched together
    private const int HitCell = 0, MissCell = 1, JoinCell = 2, RunCell = 3, FailureCell = 4, StoreCell = 5, RejectionCell = 6, DoomedCell = 7;

    private static readonly int Mask = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 64)) - 1;

    private readonly long[] _cells = new long[(Mask + 2) * Stride]; // the first stride keeps the array's header away from the counters
    private long _evictions; // these four are written under the store's lock
    private long _expirations;
    private long _entries;
    private long _bytes;
    private int _saidTooHeavy;

    public string Name { get; } = name;

    public long Hits => Sum(HitCell);

    public long Misses => Sum(MissCell);

    public long Joins => Sum(JoinCell);

    public long Runs => Sum(RunCell);

    public long Failures => Sum(FailureCell);

    public long Stores => Sum(StoreCell);

    public long Rejections => Sum(RejectionCell);

    public long DoomedValues => Sum(DoomedCell);

    public long Evictions => Volatile.Read(ref _evictions);

    public long Expirations => Volatile.Read(ref _expirations);

    public long Entries => Volatile.Read(ref _entries);

    public long Bytes => Volatile.Read(ref _bytes);

    public void Hit() => Count(HitCell);

    public void Missed() => Count(MissCell);

    public void Joined() => Count(JoinCell);

    public void Ran() => Count(RunCell);

    public void Failed() => Count(FailureCell);

    public void Stored() => Count(StoreCell);

    public void Rejected() => Count(RejectionCell);

    public void Doomed() => Count(DoomedCell);

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

    /// <summary>True once.</summary>
    public bool FirstTooHeavy() => Interlocked.Exchange(ref _saidTooHeavy, 1) == 0;

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
