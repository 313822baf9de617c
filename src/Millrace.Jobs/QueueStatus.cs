namespace Millrace.Jobs;

/// <summary>What one queue holds.</summary>
public sealed record QueueStatus
{
    /// <summary>The queue's name.</summary>
    public required string Name { get; init; }

    /// <summary>Nothing is claimed from a paused queue; enqueuing goes on.</summary>
    public bool Paused { get; init; }

    /// <summary>Ready and in line.</summary>
    public long Waiting { get; init; }

    /// <summary>Scheduled for their first attempt.</summary>
    public long Delayed { get; init; }

    /// <summary>Failed before and scheduled for another attempt.</summary>
    public long Retrying { get; init; }

    /// <summary>Waiting for other jobs to end.</summary>
    public long Blocked { get; init; }

    /// <summary>With a worker now.</summary>
    public long Running { get; init; }

    /// <summary>Completed and still kept.</summary>
    public long Completed { get; init; }

    /// <summary>Dead and still kept.</summary>
    public long Dead { get; init; }

    /// <summary>Cancelled and still kept.</summary>
    public long Cancelled { get; init; }

    /// <summary>How many jobs of the queue this process runs at once; null when it does not serve the queue. Set by <see cref="JobClient"/>, not by a store.</summary>
    public int? Concurrency { get; init; }
}
