namespace Millrace.Jobs;

/// <summary>Keeps a job from being enqueued beside another one of its queue with the same key.</summary>
public sealed record JobUniqueness
{
    /// <summary>What must not be there twice in one queue: 1 to <see cref="JobLimits.MaximumUniqueKeyLength"/> characters.</summary>
    public required string Key { get; init; }

    /// <summary>How long the job holds its key.</summary>
    public required UniqueUntil Until { get; init; }

    /// <summary>For <see cref="UniqueUntil.Elapsed"/>: how long after its enqueue the job holds its key, whatever becomes of it.</summary>
    public TimeSpan Period { get; init; }

    /// <summary>Whether the holder, while it has not started, takes over the payload, the metadata and the due time of a job that it keeps out.
    /// Default false.</summary>
    public bool Replace { get; init; }
}
