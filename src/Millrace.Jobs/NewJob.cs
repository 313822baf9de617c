using System.Collections.ObjectModel;

namespace Millrace.Jobs;

/// <summary>A job as it is handed to a store. Its lengths keep <see cref="JobLimits"/>.</summary>
public sealed record NewJob
{
    /// <summary>Identifies the job; a queue that already holds this id leaves that job as it is. One id in two queues is the caller's fault: lookups by id then find either.</summary>
    public required string Id { get; init; }

    /// <summary>The queue it goes to.</summary>
    public required string Queue { get; init; }

    /// <summary>The registered job name; never the name of a .NET type.</summary>
    public required string Type { get; init; }

    /// <summary>The job as UTF-8 JSON.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Jobs of a higher priority run first within their queue. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>How often the job may be started, 1 or more.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>How long one attempt may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Words to find the job by; no duplicates.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The job's metadata: small texts by name that travel with the job, such as the trace it belongs to. Bounded by <see cref="JobLimits"/>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What keeps it out when another job of the queue holds the same key; null for nothing.</summary>
    public JobUniqueness? Unique { get; init; }

    /// <summary>Whom the job is for, such as a tenant: the groups of a queue take turns (see <see cref="JobStore.ClaimAsync"/>). 1 to
    /// <see cref="JobLimits.MaximumNameLength"/> characters, no control characters; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>Runs no earlier than this long after the store took it, by the store's clock. Not together with <see cref="At"/>.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Runs no earlier than this instant, by the store's clock; one that has passed means now. Not together with <see cref="Delay"/>.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Jobs that must end before this one runs; no duplicates, at most <see cref="JobLimits.MaximumPrerequisites"/>. Only by <see cref="JobStore.EnqueueFlowAsync"/>;
    /// <see cref="Delay"/> begins when it need not wait for them any more.</summary>
    public IReadOnlyList<JobAddress> After { get; init; } = [];

    /// <summary>How those must end for this one to run.</summary>
    public JobCondition Condition { get; init; }

    /// <summary>The schedule that asked for this job; null for none.</summary>
    public string? Schedule { get; init; }
}
