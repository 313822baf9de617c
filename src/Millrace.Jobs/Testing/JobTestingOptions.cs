namespace Millrace.Jobs.Testing;

/// <summary>How jobs behave in a test.</summary>
public sealed class JobTestingOptions
{
    /// <summary>Whether a job runs at once, within the enqueue that stores it, and its error is thrown to the caller. A job that is delayed, that a schedule enqueued, or
    /// whose queue is paused or not served by the application waits for <see cref="JobTester.DrainAsync"/>. Default false: jobs are stored and not run.</summary>
    public bool Inline { get; set; }

    /// <summary>Replaces the application's <see cref="TimeProvider"/>, for all that use it. Null, the default, leaves the one that is registered, else the system's.
    /// Waiting for retries and <see cref="JobTester.AdvanceAsync"/> need one.</summary>
    public JobTestClock? Clock { get; set; }
}
