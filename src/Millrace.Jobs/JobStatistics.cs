namespace Millrace.Jobs;

/// <summary>What this process has done since it started, and what the queues hold now.</summary>
public sealed record JobStatistics
{
    /// <summary>How many jobs went which way, by queue and type.</summary>
    public required IReadOnlyList<JobTotal> Totals { get; init; }

    /// <summary>How long attempts took, by queue and type.</summary>
    public required IReadOnlyList<JobDuration> Durations { get; init; }

    /// <summary>What the queues hold now, over all processes.</summary>
    public required IReadOnlyList<QueueStatus> Queues { get; init; }

    /// <summary>Jobs running in this process now.</summary>
    public long Running { get; init; }

    /// <summary>Notifications that the observers were too slow for.</summary>
    public long DroppedNotifications { get; init; }
}
