namespace Millrace.Jobs;

/// <summary>How long a job holds its unique key. The numbers are stored; they never change.</summary>
public enum UniqueUntil
{
    /// <summary>Until it has reached a terminal state, or was removed.</summary>
    Ended = 0,

    /// <summary>Until its first attempt begins: then the next one can be enqueued, and waits behind it.</summary>
    Started = 1,

    /// <summary>For a time from its enqueue.</summary>
    Elapsed = 2,
}
