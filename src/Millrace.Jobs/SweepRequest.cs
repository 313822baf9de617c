namespace Millrace.Jobs;

/// <summary>One bounded round of housekeeping.</summary>
public sealed record SweepRequest
{
    /// <summary>For completed jobs.</summary>
    public required JobRetention Completed { get; init; }

    /// <summary>For cancelled jobs.</summary>
    public required JobRetention Cancelled { get; init; }

    /// <summary>For dead jobs.</summary>
    public required JobRetention Dead { get; init; }

    /// <summary>At most this many jobs are returned, and at most this many removed per state, in one call; 1 to <see cref="JobLimits.MaximumBatch"/>.</summary>
    public int MaximumJobs { get; init; } = 500;
}
