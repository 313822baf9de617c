namespace Millrace.Jobs;

/// <summary>When a job runs that waits for others, and what becomes of it when they fail. The numbers are stored; they never change.</summary>
public enum JobCondition
{
    /// <summary>Runs when all of them have completed. While one is dead it goes on waiting, since an operator may replay that one; when one is cancelled or
    /// removed, it is cancelled too.</summary>
    AllCompleted = 0,

    /// <summary>Runs when all of them have completed; when one is dead, cancelled or removed, it is cancelled at once.</summary>
    AllCompletedOrCancel = 1,

    /// <summary>Runs when all of them have ended, however they did.</summary>
    AllEnded = 2,

    /// <summary>Runs as soon as one of them is dead, cancelled or removed; when all have completed, it is cancelled.</summary>
    AnyFailed = 3,
}
