namespace Millrace.Jobs.Stores.Memory;

/// <summary>What a job waits for, and what is known of it.</summary>
internal sealed class MemoryWait(NewJob job)
{
    private readonly List<JobLink> _links = [.. job.After.Select(static address => new JobLink { Job = address })];
    private long _resultBytes;

    public JobCondition Condition { get; } = job.Condition;

    /// <summary>Counted from when it need not wait any more.</summary>
    public TimeSpan Delay { get; } = job.Delay ?? TimeSpan.Zero;

    public DateTimeOffset? At { get; } = job.At;

    public IReadOnlyList<JobLink> Links => _links;

    /// <summary>Notes how a job ended that is waited for; false when that changes nothing, because it is not, or was final before.</summary>
    public bool TryNote(JobAddress job, JobState ended, ReadOnlyMemory<byte>? result)
    {
        var index = _links.FindIndex(link => link.Job == job);
        if (index < 0 || IsFinal(_links[index].Ended))
        {
            return false;
        }

        var fits = result is null || _resultBytes + result.Value.Length <= JobLimits.MaximumLinkResults;
        _resultBytes += fits ? result?.Length ?? 0 : 0;
        _links[index] = new JobLink { Job = job, Ended = ended, Result = fits ? result : null, ResultOmitted = !fits };
        return true;
    }

    /// <summary>What becomes of the job now that one of those has ended so: see <see cref="LinkRules"/>.</summary>
    public JobState? Decide(JobState ended) => LinkRules.Decide(Condition, ended, _links.TrueForAll(link => IsFinal(link.Ended)));

    private bool IsFinal(JobState? ended) => ended is { } state && LinkRules.IsFinal(Condition, state);
}
