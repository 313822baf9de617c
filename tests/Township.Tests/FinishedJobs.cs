using System.Collections.Concurrent;
using Millrace.Jobs;

namespace Township.Tests;

/// <summary>Tells a test when a job has come to its end.</summary>
internal sealed class FinishedJobs : IJobObserver
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JobState>> _jobs = new();

    public ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken)
    {
        if (change.State is { } state and (JobState.Completed or JobState.Dead or JobState.Cancelled))
        {
            Signal(change.Id).TrySetResult(state);
        }

        return ValueTask.CompletedTask;
    }

    public Task<JobState> WaitAsync(string id) => Signal(id).Task;

    private TaskCompletionSource<JobState> Signal(string id) =>
        _jobs.GetOrAdd(id, static _ => new TaskCompletionSource<JobState>(TaskCreationOptions.RunContinuationsAsynchronously));
}
