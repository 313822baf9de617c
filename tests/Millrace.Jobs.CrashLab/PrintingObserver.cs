namespace Millrace.Jobs.CrashLab;

/// <summary>Prints ends, and tells the program when anything changed.</summary>
internal sealed class PrintingObserver : IJobObserver
{
    private readonly SemaphoreSlim _changed = new(0, 1);

    public ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken)
    {
        if (change.State is JobState.Completed or JobState.Dead or JobState.Cancelled && change.ProgressPercent is null)
        {
            Lines.Print($"end {change.Id} {change.State}");
        }

        lock (_changed)
        {
            if (_changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Completes after a change, or after a second in case a change was another process's.</summary>
    public Task WaitForChangeAsync() => _changed.WaitAsync(TimeSpan.FromSeconds(1));
}
