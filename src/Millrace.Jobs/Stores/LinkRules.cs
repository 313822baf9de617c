namespace Millrace.Jobs.Stores;

/// <summary>What becomes of a job when one ends that it waits for. The scripts of Redis say the same.</summary>
internal static class LinkRules
{
    /// <summary>Whether such an end stays. That of a dead job may not, because it can be replayed, unless it decides at once.</summary>
    public static bool IsFinal(JobCondition condition, JobState ended) => ended != JobState.Dead || condition != JobCondition.AllCompleted;

    /// <summary>Pending, cancelled, or null for still blocked.</summary>
    /// <param name="condition">The blocked job's.</param>
    /// <param name="ended">How the other one has ended.</param>
    /// <param name="all">Of all that it waits for the end is final.</param>
    public static JobState? Decide(JobCondition condition, JobState ended, bool all) => (condition, ended) switch
    {
        (JobCondition.AnyFailed, JobState.Completed) => all ? JobState.Cancelled : null,
        (JobCondition.AnyFailed, _) => JobState.Waiting,
        (JobCondition.AllEnded, _) or (_, JobState.Completed) => all ? JobState.Waiting : null,
        (JobCondition.AllCompleted, JobState.Dead) => null,
        _ => JobState.Cancelled,
    };
}
