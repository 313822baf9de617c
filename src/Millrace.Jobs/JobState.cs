namespace Millrace.Jobs;

/// <summary>Where a job stands. The numbers are stored; they never change.</summary>
public enum JobState
{
    /// <summary>Waits for its time: delayed at enqueue, snoozed, or waiting for its next attempt (then <see cref="JobRecord.Attempt"/> is above zero).</summary>
    Scheduled = 0,

    /// <summary>Ready to run, in line for a worker.</summary>
    Waiting = 1,

    /// <summary>Claimed by a worker that holds a live lease, or held one until the next sweep.</summary>
    Running = 2,

    /// <summary>Terminal: the handler returned.</summary>
    Completed = 3,

    /// <summary>Terminal: the last attempt failed, or an error said that trying again is pointless. Can be replayed.</summary>
    Dead = 4,

    /// <summary>Terminal: cancelled before it completed.</summary>
    Cancelled = 5,

    /// <summary>Waits for other jobs to end: see <see cref="NewJob.After"/>. Not in line yet.</summary>
    Blocked = 6,
}
