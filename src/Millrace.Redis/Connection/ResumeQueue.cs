using System.Collections.Concurrent;
using System.Diagnostics;

namespace Millrace.Redis.Connection;

/// <summary>
/// Callers of one connection whose replies are there, resumed on the thread pool in the order of the replies. While they are quick, one
/// worker resumes them all: a pool's thread for each would cost more than they do (redis.get.16). As soon as that worker has been at it for
/// <see cref="LongMilliseconds"/>, it calls in another one for the rest, and so on. When none has got on between two ticks of the client's
/// clock, because their callers block the threads, they are given up and a fresh one goes on: a caller that blocks delays those behind it
/// once, by two ticks at most, and nobody after that.
/// </summary>
internal sealed class ResumeQueue
{
    private const double LongMilliseconds = 0.1;

    private readonly ConcurrentQueue<RedisOperation> _ready = new();
    private readonly Lock _lock = new(); // guards _active and _idle
    private readonly List<Worker> _active = [];
    private readonly Stack<Worker> _idle = new();
    private long _resumed;
    private long _resumedAtTick;

    /// <summary>Adds one. Called by the connection's reader; <see cref="Start"/> has to follow.</summary>
    public void Add(RedisOperation operation) => _ready.Enqueue(operation);

    /// <summary>Has what was added resumed.</summary>
    public void Start()
    {
        if (_ready.IsEmpty)
        {
            return;
        }

        lock (_lock)
        {
            if (_active.Count == 0)
            {
                CallIn();
            }
        }
    }

    /// <summary>Called at each tick of the client's clock: goes on without workers that are stuck.</summary>
    public void OnTick()
    {
        var resumed = Volatile.Read(ref _resumed);
        if (resumed == _resumedAtTick && !_ready.IsEmpty)
        {
            lock (_lock)
            {
                _active.Clear(); // they end when their callers let them
                CallIn();
            }
        }

        _resumedAtTick = resumed;
    }

    /// <summary>Resumes what is left, each for itself: no tick comes any more. Called by the connection's reader, last.</summary>
    public void End()
    {
        while (_ready.TryDequeue(out var operation))
        {
            operation.Resume(here: false);
        }
    }

    private void Work(Worker worker)
    {
        var began = Stopwatch.GetTimestamp();
        do
        {
            while (_ready.TryDequeue(out var operation))
            {
                Interlocked.Increment(ref _resumed);
                if (Stopwatch.GetElapsedTime(began).TotalMilliseconds > LongMilliseconds && !_ready.IsEmpty)
                {
                    lock (_lock)
                    {
                        CallIn();
                    }

                    began = Stopwatch.GetTimestamp();
                }

                operation.Resume(here: true);
            }
        }
        while (!TryLeave(worker));
    }

    /// <summary>Ends a worker, unless something came that counts on it.</summary>
    private bool TryLeave(Worker worker)
    {
        lock (_lock)
        {
            if (!_active.Contains(worker))
            {
                return true; // given up: another one has its place
            }

            if (!_ready.IsEmpty)
            {
                return false;
            }

            _active.Remove(worker);
            _idle.Push(worker);
            return true;
        }
    }

    /// <summary>Queues a worker. Under the lock.</summary>
    private void CallIn()
    {
        var worker = _idle.TryPop(out var idle) ? idle : new Worker(this);
        _active.Add(worker);
        ThreadPool.UnsafeQueueUserWorkItem(worker, preferLocal: false);
    }

    private sealed class Worker(ResumeQueue queue) : IThreadPoolWorkItem
    {
        public void Execute() => queue.Work(this);
    }
}
