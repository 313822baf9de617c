using System.Collections.Concurrent;
using Millrace.Jobs.Executing;

namespace Millrace.Jobs.Working;

/// <summary>The attempts of this process whose end the store has not confirmed yet, and the free places of each queue. Thread-safe.</summary>
internal sealed class RunningJobs
{
    private readonly ConcurrentDictionary<JobRun, Execution> _executions = new();
    private readonly Dictionary<string, int> _capacity;
    private readonly Dictionary<string, int> _used;
    private readonly IReadOnlyList<string> _order;
    private readonly Lock _lock = new(); // guards _used and the signals
    private TaskCompletionSource _freed = NewSignal();
    private TaskCompletionSource? _empty;

    public RunningJobs(QueueTable queues)
    {
        _order = [.. queues.Served.Select(static queue => queue.Key)];
        _capacity = queues.Served.ToDictionary(StringComparer.Ordinal);
        _used = _order.ToDictionary(static name => name, static _ => 0, StringComparer.Ordinal);
    }

    public int Count => _executions.Count;

    public IReadOnlyCollection<Execution> All => [.. _executions.Values];

    /// <summary>The queues with free places, in the order in which they are served; and a task that completes when a place becomes free after this call.</summary>
    public (List<QueueCapacity> Free, bool Full, Task Freed) GetFree()
    {
        lock (_lock)
        {
            var free = new List<QueueCapacity>(_order.Count);
            foreach (var name in _order)
            {
                if (_capacity[name] - _used[name] is > 0 and var places)
                {
                    free.Add(new QueueCapacity(name, places));
                }
            }

            return (free, free.Count < _order.Count, _freed.Task);
        }
    }

    public void Add(Execution execution)
    {
        lock (_lock)
        {
            _executions.TryAdd(execution.Run, execution);
            _used[execution.Job.Queue]++;
        }
    }

    public void Remove(Execution execution)
    {
        lock (_lock)
        {
            if (!_executions.TryRemove(execution.Run, out _))
            {
                return;
            }

            _used[execution.Job.Queue]--;
            _freed.TrySetResult();
            _freed = NewSignal();
            if (_executions.IsEmpty)
            {
                _empty?.TrySetResult();
            }
        }
    }

    /// <summary>Completes when nothing runs any more; meant for the time when nothing new is started.</summary>
    public Task WaitUntilEmptyAsync()
    {
        lock (_lock)
        {
            if (_executions.IsEmpty)
            {
                return Task.CompletedTask;
            }

            _empty ??= NewSignal();
            return _empty.Task;
        }
    }

    public void Stop(string id, StopReason reason)
    {
        foreach (var execution in _executions.Values)
        {
            if (execution.Job.Id == id)
            {
                execution.Stop(reason);
            }
        }
    }

    public void StopAll(StopReason reason)
    {
        foreach (var execution in _executions.Values)
        {
            execution.Stop(reason);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
