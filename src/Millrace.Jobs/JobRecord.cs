using System.Collections.ObjectModel;

namespace Millrace.Jobs;

/// <summary>A job as a store holds it. All times are the store's clock, in UTC.</summary>
public sealed record JobRecord
{
    /// <summary>Identifies the job.</summary>
    public required string Id { get; init; }

    /// <summary>Its queue, for life.</summary>
    public required string Queue { get; init; }

    /// <summary>Its registered job name.</summary>
    public required string Type { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobState State { get; init; }

    /// <summary>The job as UTF-8 JSON.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Higher runs first within the queue.</summary>
    public int Priority { get; init; }

    /// <summary>Attempts that were started and count, from 0; a snoozed or released attempt does not count.</summary>
    public int Attempt { get; init; }

    /// <summary>How many attempts it may have.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>How long one attempt may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Its tags, in the order given.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Its metadata: small texts by name that travel with the job, such as the trace it belongs to. Bounded by <see cref="JobLimits"/>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Its unique key; null for none.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>The group of its queue that it belongs to, for life; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>The schedule that asked for it; null for none.</summary>
    public string? Schedule { get; init; }

    /// <summary>When it was enqueued.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it may run next, or might last: the end of its delay, else the time of its enqueue.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When its last attempt began; null before the first.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it reached its terminal state; null before.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The worker that runs it; null when none does.</summary>
    public string? WorkerId { get; init; }

    /// <summary>Running, and asked to stop.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>What went wrong last, scrubbed; null when nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>The result as UTF-8 JSON; null for none.</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }

    /// <summary>Last reported progress of the current or last attempt, 0 to 100.</summary>
    public int ProgressPercent { get; init; }

    /// <summary>Last reported progress message; null for none.</summary>
    public string? ProgressMessage { get; init; }
}
