namespace Millrace.Jobs;

/// <summary>Runs jobs of one type. Resolved from a dependency-injection scope of its own for every attempt.</summary>
/// <typeparam name="TJob">The job: plain data that System.Text.Json can write and read.</typeparam>
public interface IJobHandler<in TJob>
{
    /// <summary>Runs one attempt. Returning completes the job; throwing fails the attempt, and the retry policy decides what follows;
    /// <see cref="UnrecoverableJobException"/> ends the job at once.</summary>
    /// <remarks>Delivery is at least once: a handler may run again after a crash, so its effects should bear repetition
    /// (<see cref="JobContext.Id"/> is the same in every attempt and serves as an idempotency key).</remarks>
    /// <param name="job">The job.</param>
    /// <param name="context">The attempt: its number, its queue, its progress.</param>
    /// <param name="cancellationToken">Cancelled when the job is cancelled, its time is up, its worker stops, or its lease is lost.</param>
    Task HandleAsync(TJob job, JobContext context, CancellationToken cancellationToken);
}
