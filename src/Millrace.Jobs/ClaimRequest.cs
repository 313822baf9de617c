namespace Millrace.Jobs;

/// <summary>A worker asks for jobs.</summary>
public sealed record ClaimRequest
{
    /// <summary>Who asks.</summary>
    public required WorkerIdentity Worker { get; init; }

    /// <summary>The claim also renews the worker's lease by this long, so that no job is ever held by a worker without one.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>The queues in the order in which they are served, each once, with the places free in each.</summary>
    public required IReadOnlyList<QueueCapacity> Queues { get; init; }

    /// <summary>Ends of claims to store first, in the same round trip, as <see cref="JobStore.FinishAsync"/> does; at most
    /// <see cref="JobLimits.MaximumBatch"/>. Default: none.</summary>
    public IReadOnlyList<JobFinish> Finishes { get; init; } = [];

    /// <summary>Most jobs to return over all queues, 1 to <see cref="JobLimits.MaximumBatch"/>.</summary>
    public int MaximumJobs { get; init; } = JobLimits.MaximumBatch;
}
