using Millrace.Jobs;

namespace Millrace.AspNetCore.Overviews;

/// <summary>Counts what this process's attempts came to, for the history. Observers hear of each change once, after the fact.</summary>
internal sealed class JobTally : IJobObserver
{
    private long _completed;
    private long _failed;

    public long Completed => Interlocked.Read(ref _completed);

    public long Failed => Interlocked.Read(ref _failed);

    public ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken)
    {
        if (change.State == JobState.Completed)
        {
            Interlocked.Increment(ref _completed);
        }
        else if (change.Error is not null)
        {
            Interlocked.Increment(ref _failed);
        }

        return ValueTask.CompletedTask;
    }
}
