using Millrace.Jobs.Executing;

namespace Millrace.Jobs.Working;

/// <summary>The attempts of this process whose end the store has not confirmed yet, and the free places of each queue. Thread-safe.</summary>
/// <remarks>A place is free, promised to a claim under way, or used by an attempt. A claim that also hands over ends is promised the places that
/// those ends give back, because the store applies them first.</remarks>
internal sealed class RunningJobs
{
    private readonly HashSet<Execution> _executions = [];
    private readonly Dictionary<string, int> _free; // below zero while ends and their places are under way
    private readonly IReadOnlyList<QueueCapacity> _served;
    private readonly Lock _lock = new(); // guards all that changes
    private TaskCompletionSource _freed = NewSignal();
    private TaskCompletionSource? _empty;

    public RunningJobs(QueueTable queues)
    {
        _served = queues.Served;
        Places = queues.Served.Sum(static queue => queue.Capacity);
        _free = queues.Served.ToDictionary(static queue => queue.Queue, static queue => queue.Capacity, StringComparer.Ordinal);
    }

    /// <summary>How many attempts may run at once, over all queues.</summary>
    public int Places { get; }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _executions.Count;
            }
        }
    }

    public IReadOnlyCollection<Execution> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _executions];
            }
        }
    }

    /// <summary>The queues with free places, and a task that completes when a place becomes free after this call.</summary>
    public (List<string> Queues, Task Freed) GetFree()
    {
        lock (_lock)
        {
            return ([.. _served.Where(queue => _free[queue.Queue] > 0).Select(static queue => queue.Queue)], _freed.Task);
        }
    }

    /// <summary>Promises every free place, and those of the given ends, to one claim; in the order in which queues are served.
    /// <see cref="Settle"/> ends the promise.</summary>
    public List<QueueCapacity> Promise(IReadOnlyList<Execution> ending)
    {
        lock (_lock)
        {
            Give(ending, 1);
            var promised = new List<QueueCapacity>(_served.Count);
            foreach (var queue in _served)
            {
                if (_free[queue.Queue] is > 0 and var places)
                {
                    promised.Add(queue with { Capacity = places });
                    _free[queue.Queue] = 0;
                }
            }

            Give(ending, -1);
            return promised;
        }
    }

    /// <summary>Takes back what was promised; the ends are confirmed, and the claimed attempts have places now.</summary>
    public void Settle(IReadOnlyList<QueueCapacity> promised, IReadOnlyList<Execution> claimed, IReadOnlyList<Execution> ended)
    {
        lock (_lock)
        {
            foreach (var (queue, places) in promised)
            {
                _free[queue] += places;
            }

            foreach (var execution in claimed)
            {
                _executions.Add(execution);
            }

            Give(claimed, -1);
            foreach (var execution in ended)
            {
                _free[execution.Job.Queue] += _executions.Remove(execution) ? 1 : 0;
            }

            if (AnyFree(promised, ended))
            {
                _freed.TrySetResult();
                _freed = NewSignal();
            }

            if (_executions.Count == 0)
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
            if (_executions.Count == 0)
            {
                return Task.CompletedTask;
            }

            _empty ??= NewSignal();
            return _empty.Task;
        }
    }

    public void Stop(string id, StopReason reason)
    {
        foreach (var execution in All)
        {
            if (execution.Job.Id == id)
            {
                execution.Stop(reason);
            }
        }
    }

    public void StopAll(StopReason reason)
    {
        foreach (var execution in All)
        {
            execution.Stop(reason);
        }
    }

    /// <summary>Stops the attempts of these queues.</summary>
    /// <returns>How many there are.</returns>
    public int StopAll(StopReason reason, IReadOnlyCollection<string> queues)
    {
        var count = 0;
        foreach (var execution in All)
        {
            if (queues.Contains(execution.Job.Queue))
            {
                execution.Stop(reason);
                count++;
            }
        }

        return count;
    }

    private bool AnyFree(IReadOnlyList<QueueCapacity> promised, IReadOnlyList<Execution> ended)
    {
        foreach (var queue in promised)
        {
            if (_free[queue.Queue] > 0)
            {
                return true;
            }
        }

        foreach (var execution in ended)
        {
            if (_free[execution.Job.Queue] > 0)
            {
                return true;
            }
        }

        return false;
    }

    private void Give(IReadOnlyList<Execution> executions, int places)
    {
        foreach (var execution in executions)
        {
            _free[execution.Job.Queue] += places;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
