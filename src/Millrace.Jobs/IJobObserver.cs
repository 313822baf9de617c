namespace Millrace.Jobs;

/// <summary>Is told what this process does to jobs: enqueues, claims, progress, ends, cancellations. Register any number in dependency injection
/// as singletons.</summary>
/// <remarks>Changes arrive one at a time, those of one job in their order, after the fact and outside the job: an observer that throws
/// is logged, one that is slow delays only other notifications. At most 10,000 wait; beyond that the oldest are dropped and counted.</remarks>
public interface IJobObserver
{
    /// <summary>Takes note of one change.</summary>
    ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken);
}
