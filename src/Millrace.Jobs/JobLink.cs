namespace Millrace.Jobs;

/// <summary>One of the jobs that a job waits for, or waited for.</summary>
public sealed record JobLink
{
    /// <summary>The job that is waited for.</summary>
    public required JobAddress Job { get; init; }

    /// <summary>How it ended: completed, dead or cancelled, which also stands for removed and for never having been there; null while it has not.</summary>
    public JobState? Ended { get; init; }

    /// <summary>The result of a completed one as UTF-8 JSON; null for none.</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }

    /// <summary>It gave a result that is not here, because all results together would be larger than <see cref="JobLimits.MaximumLinkResults"/>; look it up with the job.</summary>
    public bool ResultOmitted { get; init; }
}
