namespace Millrace.Jobs;

/// <summary>What becomes of ticks that were missed: because no process ran, or the job's queue was full. The numbers are stored; they never change.</summary>
public enum ScheduleMisfire
{
    /// <summary>One job makes up for all of them, then the schedule goes on from now. The default.</summary>
    RunOnce = 0,

    /// <summary>A tick that was missed by more than a minute is passed over.</summary>
    Skip = 1,

    /// <summary>Each of them enqueues its job, one after the other. Mind a schedule of every second after a day's outage: the bound of the queue is all that limits it.</summary>
    RunAll = 2,
}
