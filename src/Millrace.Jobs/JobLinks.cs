namespace Millrace.Jobs;

/// <summary>What a job has to do with others.</summary>
public sealed record JobLinks
{
    /// <summary>When the job runs.</summary>
    public JobCondition Condition { get; init; }

    /// <summary>The jobs that it waits for, or waited for, in the order given.</summary>
    public IReadOnlyList<JobLink> After { get; init; } = [];

    /// <summary>The jobs that wait for it, or waited for it; one of them may be gone. By queue, then by id (ordinal).</summary>
    public IReadOnlyList<JobAddress> Before { get; init; } = [];
}
