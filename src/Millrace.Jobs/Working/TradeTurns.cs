namespace Millrace.Jobs.Working;

/// <summary>When a lane with ends goes to the store: at once when no other is under way there; else when as many have ended as make a lane's share, or when
/// another one is back. A call costs the store as much as many jobs do, so that many small ones would slow all down (jobs.redis.cpu). Thread-safe.</summary>
/// <param name="share">How many ends make a call worth while beside another one.</param>
internal sealed class TradeTurns(int share)
{
    private readonly Lock _lock = new(); // guards the waiter and what is under way
    private TaskCompletionSource? _waiter;
    private int _underWay;
    private int _ended;

    /// <summary>An attempt has ended.</summary>
    public void Add()
    {
        if (Interlocked.Increment(ref _ended) == share)
        {
            Wake(0);
        }
    }

    /// <summary>So many ends were taken.</summary>
    public void Take(int count) => Interlocked.Add(ref _ended, -count);

    /// <summary>A lane goes to the store.</summary>
    public void Go()
    {
        lock (_lock)
        {
            _underWay++;
        }
    }

    /// <summary>A lane is back.</summary>
    public void Return() => Wake(1);

    /// <summary>Waits until it is worth while to go. One lane waits at a time.</summary>
    public Task WaitAsync()
    {
        lock (_lock)
        {
            if (_underWay == 0 || Volatile.Read(ref _ended) >= share)
            {
                return Task.CompletedTask;
            }

            _waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiter.Task;
        }
    }

    private void Wake(int returned)
    {
        TaskCompletionSource? waiter;
        lock (_lock)
        {
            _underWay -= returned;
            (waiter, _waiter) = (_waiter, null);
        }

        waiter?.TrySetResult();
    }
}
