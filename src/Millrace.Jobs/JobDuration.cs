namespace Millrace.Jobs;

/// <summary>A histogram of how long attempts took in this process.</summary>
/// <param name="Queue">The queue; <c>other</c> beyond 1,000 pairs of queue and type.</param>
/// <param name="Type">The registered job name; <c>other</c> for a name that this process does not know.</param>
/// <param name="Count">Attempts.</param>
/// <param name="SumSeconds">Their durations together.</param>
/// <param name="Buckets">Attempts per bucket, not cumulative: as many as <see cref="Bounds"/>, and one more for what was longer.</param>
public sealed record JobDuration(string Queue, string Type, long Count, double SumSeconds, IReadOnlyList<long> Buckets)
{
    /// <summary>Upper bounds of the buckets, in seconds, each inclusive.</summary>
    public static IReadOnlyList<double> Bounds { get; } = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];
}
