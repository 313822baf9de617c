namespace Millrace.Caching.Statistics;

/// <summary>What a cache's second level has done; reads are counted by their key patterns. Thread-safe.</summary>
internal sealed class RemoteFigures
{
    private long _errors;

    public LatencyHistogram Writes { get; } = new();

    public LatencyHistogram Invalidations { get; } = new();

    /// <summary>Calls that failed or were not answered in time.</summary>
    public long Errors => Volatile.Read(ref _errors);

    public void Failed() => Interlocked.Increment(ref _errors);
}
