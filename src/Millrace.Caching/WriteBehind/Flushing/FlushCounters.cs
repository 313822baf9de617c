using Millrace.Caching.Statistics;

namespace Millrace.Caching.WriteBehind.Flushing;

/// <summary>What one node has done since it started. Thread-safe.</summary>
internal sealed class FlushCounters : IWriteBehindFigures
{
    private readonly PartitionCounts[] _held = new PartitionCounts[WriteBehindStore.Partitions];
    private readonly Lock _lock = new(); // guards _held
    private long _written;
    private long _coalesced;
    private long _flushed;
    private long _calls;
    private long _retried;

    public long Written => Interlocked.Read(ref _written);

    public long Coalesced => Interlocked.Read(ref _coalesced);

    public long Flushed => Interlocked.Read(ref _flushed);

    public long Calls => Interlocked.Read(ref _calls);

    public long Retried => Interlocked.Read(ref _retried);

    /// <summary>What the partitions that this node owns held when it last looked.</summary>
    public PartitionCounts Held
    {
        get
        {
            lock (_lock)
            {
                return Sum(_held);
            }
        }
    }

    public long Pending => Held.Pending;

    public long Dead => Held.Dead;

    public TimeSpan OldestAge => Held.OldestAge;

    public static PartitionCounts Sum(IEnumerable<PartitionCounts> counts) => counts.Aggregate(
        default(PartitionCounts),
        static (sum, one) => new PartitionCounts(
            sum.Pending + one.Pending, sum.Bytes + one.Bytes, sum.Dead + one.Dead, sum.OldestAge > one.OldestAge ? sum.OldestAge : one.OldestAge));

    public void Wrote(bool replaced)
    {
        Interlocked.Increment(ref _written);
        if (replaced)
        {
            Interlocked.Increment(ref _coalesced);
        }
    }

    public void Called() => Interlocked.Increment(ref _calls);

    public void Finished(int flushed, int retried)
    {
        Interlocked.Add(ref _flushed, flushed);
        Interlocked.Add(ref _retried, retried);
    }

    public void Looked(int partition, in PartitionCounts counts)
    {
        lock (_lock)
        {
            _held[partition] = counts;
        }
    }
}
