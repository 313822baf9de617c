namespace Millrace.Jobs.Tests;

/// <summary>Remembers what the observers are told, and lets a test wait for it.</summary>
public sealed class ChangeRecorder : IJobObserver
{
    private readonly Lock _lock = new();
    private readonly List<JobChange> _changes = [];
    private readonly List<(Func<JobChange, bool> Match, TaskCompletionSource<JobChange> Signal)> _waiters = [];

    public IReadOnlyList<JobChange> Changes
    {
        get
        {
            lock (_lock)
            {
                return [.. _changes];
            }
        }
    }

    public ValueTask OnChangedAsync(JobChange change, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _changes.Add(change);
            foreach (var (match, signal) in _waiters)
            {
                if (match(change))
                {
                    signal.TrySetResult(change);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The first change that matches, past or to come.</summary>
    public Task<JobChange> WaitForAsync(Func<JobChange, bool> match)
    {
        lock (_lock)
        {
            if (_changes.FirstOrDefault(match) is { } known)
            {
                return Task.FromResult(known);
            }

            var signal = new TaskCompletionSource<JobChange>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((match, signal));
            return signal.Task.WaitAsync(Engine.Guard);
        }
    }
}
