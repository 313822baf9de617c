using System.Collections.ObjectModel;

namespace Millrace.Jobs;

/// <summary>What a worker learns about its claims.</summary>
/// <param name="CancelRequested">Those of the given claims that are still the worker's own and whose cancellation was requested.</param>
/// <param name="Lost">Those of the given claims that are no longer current: swept, claimed by another, finished or removed.</param>
public sealed record HeartbeatResult(IReadOnlyList<JobRun> CancelRequested, IReadOnlyList<JobRun> Lost)
{
    /// <summary>The queues over which the lease was not renewed, because the server that holds them is away, each with what it failed with; empty for none.</summary>
    public IReadOnlyDictionary<string, Exception> Unavailable { get; init; } = ReadOnlyDictionary<string, Exception>.Empty;
}
