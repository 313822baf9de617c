namespace Millrace.Jobs;

/// <summary>What a store answers to a finish.</summary>
public enum FinishStatus
{
    /// <summary>The transition took place now.</summary>
    Applied = 0,

    /// <summary>This very claim was finished before (a repeated call after a lost answer); nothing changed.</summary>
    Repeated = 1,

    /// <summary>The claim no longer owns the job: it was swept, claimed again, or removed. Nothing changed.</summary>
    Stale = 2,

    /// <summary>The server that holds the job's queue is away, so it is not known what became of this end: it is to be handed over again. Other queues are not affected.</summary>
    Unanswered = 3,
}
