namespace Millrace.Jobs;

/// <summary>Is told what this process does to jobs: enqueues, claims, progress, ends, cancellations. Register any number in dependency injection
/// as singletons.</summary>
/// <remarks>Changes arrive one at a time, those of one job in their order, after the fact and outside the job: an observer that throws
/// is logged, one that is slow delays only other notifications. At most 10,000 wait; beyond that the oldest are dropped and counted.
/// Not told are changes that the store makes as a consequence of another job's end, deletion or cancellation: jobs of a flow that need not wait any more, or are cancelled
/// by their condition. The store may make them later, for another process, or on another server; an observer sees the former when they begin to run.</remarks>
public interface IJobObserver
{
    /// <summary>Takes note of one change.</summary>
    ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken);
}
