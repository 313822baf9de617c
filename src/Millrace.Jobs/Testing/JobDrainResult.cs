namespace Millrace.Jobs.Testing;

/// <summary>What a drain has run.</summary>
public sealed class JobDrainResult
{
    internal JobDrainResult(IReadOnlyList<JobTestRun> runs, IReadOnlyList<string> unservedQueues) => (Runs, UnservedQueues) = (runs, unservedQueues);

    /// <summary>Every attempt, in the order in which they ran.</summary>
    public IReadOnlyList<JobTestRun> Runs { get; }

    /// <summary>The attempts that failed.</summary>
    public IReadOnlyList<JobTestRun> Failures => [.. Runs.Where(static run => run.Error is not null)];

    /// <summary>Jobs that completed.</summary>
    public int Completed => Count(FinishKind.Completed);

    /// <summary>Failed attempts that another one follows.</summary>
    public int Retried => Count(FinishKind.Retry);

    /// <summary>Jobs that are dead.</summary>
    public int Dead => Count(FinishKind.Dead);

    /// <summary>Attempts that asked to be run again later.</summary>
    public int Snoozed => Count(FinishKind.Snoozed);

    /// <summary>Jobs that were cancelled while they ran.</summary>
    public int Cancelled => Count(FinishKind.Cancelled);

    /// <summary>Queues with waiting jobs that the application does not serve, so that none of its workers would ever run them: another program's, or one that is
    /// misspelt or not added.</summary>
    public IReadOnlyList<string> UnservedQueues { get; }

    /// <summary>Throws when an attempt failed.</summary>
    /// <returns>This result.</returns>
    /// <exception cref="JobAssertionException">The message lists the failures; the inner exception is the first one.</exception>
    public JobDrainResult ThrowIfFailed()
    {
        var failures = Failures;
        return failures.Count == 0
            ? this
            : throw new JobAssertionException(
                $"{failures.Count} of {Runs.Count} attempts failed:{string.Concat(failures.Select(static run => $"\n- {run.Type}, attempt {run.Attempt}, {run.Outcome}: {run.Error!.GetType().Name}: {run.Error.Message}"))}",
                failures[0].Error);
    }

    private int Count(FinishKind outcome) => Runs.Count(run => run.Outcome == outcome);
}
