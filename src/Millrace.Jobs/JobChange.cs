namespace Millrace.Jobs;

/// <summary>A job changed its state, reported progress or logged a line, as seen by the process that did it.</summary>
public sealed record JobChange
{
    /// <summary>The job.</summary>
    public required string Id { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Its registered job name.</summary>
    public required string Type { get; init; }

    /// <summary>Its state after the change; null when it was deleted.</summary>
    public required JobState? State { get; init; }

    /// <summary>Its attempts so far.</summary>
    public int Attempt { get; init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Progress, 0 to 100, when this change is a report of progress; else null.</summary>
    public int? ProgressPercent { get; init; }

    /// <summary>The message of a report of progress; null for none.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>The line, when this change is a line of the job's log; else null.</summary>
    public string? LogLine { get; init; }

    /// <summary>What went wrong, scrubbed, when an attempt failed; else null.</summary>
    public string? Error { get; init; }

    /// <summary>When, by this process's clock.</summary>
    public required DateTimeOffset At { get; init; }
}
