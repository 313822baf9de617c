using System.Collections.ObjectModel;

namespace Millrace.Jobs;

/// <summary>A job that now belongs to the worker that claimed it.</summary>
public sealed record ClaimedJob
{
    /// <summary>The job.</summary>
    public required string Id { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Its registered job name.</summary>
    public required string Type { get; init; }

    /// <summary>The job as UTF-8 JSON.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The fencing token of this claim: positive, and greater than that of any earlier claim of its queue; jobs claimed together may share one.</summary>
    public required long Token { get; init; }

    /// <summary>Which attempt this is, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>How many attempts it may have.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>Its priority.</summary>
    public int Priority { get; init; }

    /// <summary>How long one attempt may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Its metadata: small texts by name that travel with the job, such as the trace it belongs to. Bounded by <see cref="JobLimits"/>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>When it was enqueued, by the store's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was to run (for a job that was not delayed: when it was enqueued), by the store's clock.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When it was claimed, by the store's clock; minus <see cref="DueAt"/> this is the time it waited in line.</summary>
    public required DateTimeOffset StartedAt { get; init; }
}
