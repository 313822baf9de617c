namespace Millrace.Caching.FailSafe;

// Work that nobody waits for: a bounded number of runs at once, a bounded number that wait, in order. What finds the queue full is refused.
// A run never throws, and ends soon after its token is cancelled. When the queue is disposed nothing is taken in any more, and what waits is dropped.
internal sealed class RefreshQueue(int concurrency, int limit) : IAsyncDisposable
{
    private readonly Lock _lock = new(); // guards the fields below
    private readonly Queue<Func<CancellationToken, Task>> _waiting = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private bool _closed;

    /// <summary>Takes work in.</summary>
    /// <returns>False: the queue is full, or closed.</returns>
    public bool TryAdd(Func<CancellationToken, Task> work)
    {
        lock (_lock)
        {
            if (_closed || (_running >= concurrency && _waiting.Count >= limit))
            {
                return false;
            }

            if (_running >= concurrency)
            {
                _waiting.Enqueue(work);
                return true;
            }

            _running++;
        }

        // Unsafe: what the reader carries with it, such as its request, is not the work's business.
        ThreadPool.UnsafeQueueUserWorkItem(static begun => _ = begun.Queue.RunAsync(begun.Work), (Queue: this, Work: work), preferLocal: false);
        return true;
    }

    /// <summary>Ends what runs, and waits for it.</summary>
    public async ValueTask DisposeAsync()
    {
        bool isFirst;
        lock (_lock)
        {
            isFirst = !_closed;
            _closed = true;
            _waiting.Clear();
            if (_running == 0)
            {
                _idle.TrySetResult();
            }
        }

        if (isFirst)
        {
            await _closing.CancelAsync().ConfigureAwait(false);
        }

        await _idle.Task.ConfigureAwait(false);
        if (isFirst)
        {
            _closing.Dispose();
        }
    }

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        for (var next = work; next is not null; next = Next())
        {
            await next(_closing.Token).ConfigureAwait(false);
        }
    }

    private Func<CancellationToken, Task>? Next()
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out var next))
            {
                return next;
            }

            if (--_running == 0 && _closed)
            {
                _idle.TrySetResult();
            }

            return null;
        }
    }
}
