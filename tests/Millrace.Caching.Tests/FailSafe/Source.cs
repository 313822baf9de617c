namespace Millrace.Caching.Tests.FailSafe;

/// <summary>A source that a test tells when to answer, and what.</summary>
internal sealed class Source
{
    private readonly List<TaskCompletionSource<string?>> _runs = [];
    private readonly List<(int Count, TaskCompletionSource Signal)> _waiters = [];
    private readonly Lock _lock = new(); // guards both

    /// <summary>Whether its runs end when their token is cancelled.</summary>
    public bool IgnoresToken { get; init; }

    public int Runs
    {
        get
        {
            lock (_lock)
            {
                return _runs.Count;
            }
        }
    }

    public static ValueTask<string?> Read(Source source, CancellationToken token) => source.ReadAsync(token);

    /// <summary>Ends when that many runs have begun.</summary>
    public Task BegunAsync(int count = 1)
    {
        lock (_lock)
        {
            if (_runs.Count >= count)
            {
                return Task.CompletedTask;
            }

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, signal));
            return signal.Task.WaitAsync(Caches.Guard, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The last run answers.</summary>
    public void Answer(string? value) => Last().TrySetResult(value);

    /// <summary>The last run fails.</summary>
    public void Fail(Exception failure) => Last().TrySetException(failure);

    private TaskCompletionSource<string?> Last()
    {
        lock (_lock)
        {
            return _runs[^1];
        }
    }

    private async ValueTask<string?> ReadAsync(CancellationToken token)
    {
        var run = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _runs.Add(run);
            foreach (var waiter in _waiters.FindAll(waiter => waiter.Count <= _runs.Count))
            {
                _waiters.Remove(waiter);
                waiter.Signal.SetResult();
            }
        }

        return await run.Task.WaitAsync(IgnoresToken ? CancellationToken.None : token);
    }
}
