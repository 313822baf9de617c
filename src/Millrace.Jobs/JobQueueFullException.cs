namespace Millrace.Jobs;

/// <summary>An enqueue was refused because a queue holds as many pending jobs as it may. Nothing of the batch was stored.</summary>
public sealed class JobQueueFullException : Exception
{
    /// <summary>With a general message.</summary>
    public JobQueueFullException()
        : base("The queue is full.")
    {
    }

    /// <summary>With a message.</summary>
    public JobQueueFullException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public JobQueueFullException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal JobQueueFullException(string queue, int limit)
        : base($"Queue '{queue}' already holds its limit of {limit} pending jobs (JobsOptions.MaximumQueueLength); nothing was enqueued. Add workers, slow the producer, or raise the limit.") =>
        Queue = queue;

    /// <summary>The queue that is full; null when not known.</summary>
    public string? Queue { get; }
}
