namespace Millrace.Caching;

/// <summary>A histogram of how long one operation of a layer took in this process, since the cache was made.</summary>
/// <param name="Layer"><c>l2</c>: the second level; <c>source</c>: the factories.</param>
/// <param name="Operation"><c>read</c>, <c>write</c> or <c>invalidate</c>.</param>
/// <param name="Count">
/// Operations. Those that the second level did not answer are not among them (<see cref="CacheStatistics.RemoteErrors"/>), nor are sources that answered
/// within the call and within about 10 ms: to time them would cost a good part of what they take. Of one batch each key counts.
/// </param>
/// <param name="SumSeconds">Their durations together.</param>
/// <param name="Buckets">Operations per bucket, not cumulative: as many as <see cref="Bounds"/>, and one more for what was longer.</param>
public sealed record CacheLatency(string Layer, string Operation, long Count, double SumSeconds, IReadOnlyList<long> Buckets)
{
    /// <summary>Upper bounds of the buckets, in seconds, each inclusive.</summary>
    public static IReadOnlyList<double> Bounds { get; } = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    /// <summary>What 95 of 100 operations did not exceed, in seconds, estimated within its bucket; null before the first. At most the last bound.</summary>
    public double? P95Seconds
    {
        get
        {
            if (Count == 0)
            {
                return null;
            }

            var (left, lower) = (0.95 * Count, 0.0);
            for (var i = 0; i < Bounds.Count; i++)
            {
                if (left <= Buckets[i])
                {
                    return lower + ((Bounds[i] - lower) * left / Buckets[i]);
                }

                (left, lower) = (left - Buckets[i], Bounds[i]);
            }

            return lower;
        }
    }
}
