namespace Millrace.Jobs;

/// <summary>The answer to a cancellation.</summary>
public enum CancelStatus
{
    /// <summary>No such job.</summary>
    NotFound = 0,

    /// <summary>It had not started, and is cancelled now.</summary>
    Cancelled = 1,

    /// <summary>It is running; its worker was asked to stop it and reports the end.</summary>
    Requested = 2,

    /// <summary>It had already ended (or been cancelled); nothing changed.</summary>
    AlreadyEnded = 3,
}
