using System.Collections.Concurrent;

namespace Millrace.Jobs.Working;

/// <summary>Begins claimed attempts on the thread pool, in the order in which they were claimed. One thread begins many, one after the other, as long as
/// their handlers return or wait without holding it; before each, it calls in another thread for those behind, so that a handler that blocks its
/// thread delays nobody. A pool's work item for each attempt would cost more than a small handler does (jobs.redis.process).</summary>
internal sealed class StartQueue<T>(Action<T> begin) : IThreadPoolWorkItem
{
    /// <summary>A thread goes back to the pool after so many, because others want it too.</summary>
    private const int MostPerTurn = 64;

    private readonly ConcurrentQueue<T> _waiting = new();
    private int _called; // 1: a thread was called in and has not come yet

    /// <summary>Adds one; <see cref="Begin"/> has to follow.</summary>
    public void Add(T attempt) => _waiting.Enqueue(attempt);

    /// <summary>Has what was added begun.</summary>
    public void Begin()
    {
        if (!_waiting.IsEmpty && Interlocked.Exchange(ref _called, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Exchange(ref _called, 0);
        for (var count = 0; count < MostPerTurn && _waiting.TryDequeue(out var attempt); count++)
        {
            Begin();
            begin(attempt);
        }

        Begin();
    }
}
