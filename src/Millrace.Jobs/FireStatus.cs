namespace Millrace.Jobs;

/// <summary>The answer to a fire.</summary>
public enum FireStatus
{
    /// <summary>The job is enqueued and the schedule moved to its next tick, in one step.</summary>
    Fired = 0,

    /// <summary>The schedule was removed, paused, edited, is not due yet, or the tick was fired by another node. Nothing changed.</summary>
    Missed = 1,

    /// <summary>The job's queue is full. Nothing changed; the tick stays due.</summary>
    QueueFull = 2,

    /// <summary>The tick was passed over, as asked: the schedule has moved to its next tick.</summary>
    Skipped = 3,
}
