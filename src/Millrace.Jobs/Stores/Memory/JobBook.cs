using System.Diagnostics.CodeAnalysis;

namespace Millrace.Jobs.Stores.Memory;

/// <summary>The jobs and the orders in which they are looked at, kept consistent by having one way in, one way to change and one way out.</summary>
/// <remarks>Not thread-safe: its store's lock guards it.</remarks>
internal sealed class JobBook
{
    private static readonly JobState[] TerminalStates = [JobState.Completed, JobState.Dead, JobState.Cancelled];

    private readonly Dictionary<string, MemoryJob> _byId = new(StringComparer.Ordinal);
    private readonly SortedSet<MemoryJob> _all = new(MemoryJob.InOrderOfEnqueue);
    private readonly SortedSet<MemoryJob> _running = new(MemoryJob.InOrderOfEnqueue);
    private readonly Dictionary<JobState, SortedSet<MemoryJob>> _ended = TerminalStates.ToDictionary(static state => state, static _ => new SortedSet<MemoryJob>(MemoryJob.InOrderOfEnd));
    private readonly SortedDictionary<string, BookQueue> _queues = new(StringComparer.Ordinal);
    private long _lastSequence;

    public IReadOnlyCollection<KeyValuePair<string, BookQueue>> Queues => _queues;

    /// <summary>Running jobs in order of enqueue.</summary>
    public IReadOnlyCollection<MemoryJob> Running => _running;

    /// <summary>Ended jobs of one state, longest ended first.</summary>
    public SortedSet<MemoryJob> Ended(JobState state) => _ended[state];

    public BookQueue Queue(string name)
    {
        if (!_queues.TryGetValue(name, out var queue))
        {
            _queues[name] = queue = new BookQueue();
        }

        return queue;
    }

    public bool Contains(string id) => _byId.ContainsKey(id);

    public bool TryGet(string id, [NotNullWhen(true)] out MemoryJob? job) => _byId.TryGetValue(id, out job);

    public void Add(JobRecord record, JobUniqueness? unique, MemoryWait? wait)
    {
        var job = new MemoryJob(++_lastSequence, record, unique, wait);
        _byId.Add(record.Id, job);
        _all.Add(job);
        Index(job);
    }

    /// <summary>Replaces a job's record, moving it to where its new state and order belong.</summary>
    public void Change(MemoryJob job, JobRecord record)
    {
        Unindex(job);
        job.Record = record;
        Index(job);
    }

    public void Remove(MemoryJob job)
    {
        Unindex(job);
        _all.Remove(job);
        _byId.Remove(job.Record.Id);
        if (Queue(job.Record.Queue) is { Paused: false, Total: 0 })
        {
            _queues.Remove(job.Record.Queue);
        }
    }

    /// <summary>All sets that hold the jobs of a state, of one queue where they are kept by queue.</summary>
    public IEnumerable<SortedSet<MemoryJob>> Sets(JobState state, string? queue) => state switch
    {
        JobState.Waiting => QueuesNamed(queue).SelectMany(static queue => queue.Groups.Lines.Prepend(queue.Waiting)),
        JobState.Scheduled => QueuesNamed(queue).Select(static queue => queue.Scheduled),
        JobState.Blocked => QueuesNamed(queue).Select(static queue => queue.Blocked),
        JobState.Running => [new SortedSet<MemoryJob>(_running, MemoryJob.InOrderOfStart)],
        _ => [_ended[state]],
    };

    /// <summary>Jobs enqueued before the given sequence, last enqueued first.</summary>
    public IEnumerable<MemoryJob> Before(long sequence)
    {
        if (_all.Count == 0 || sequence <= _all.Min!.Sequence)
        {
            return [];
        }

        return sequence > _all.Max!.Sequence
            ? _all.Reverse()
            : _all.GetViewBetween(_all.Min, new MemoryJob(sequence - 1, _all.Min.Record)).Reverse();
    }

    private IEnumerable<BookQueue> QueuesNamed(string? name) =>
        name is null ? _queues.Values.AsEnumerable() : _queues.TryGetValue(name, out var queue) ? [queue] : [];

    private void Index(MemoryJob job)
    {
        var record = job.Record;
        var queue = Queue(record.Queue);
        queue.Counts[(int)record.State]++;
        switch (record.State)
        {
            case JobState.Waiting when record.Group is not null:
                queue.Groups.AddWaiting(job);
                break;
            case JobState.Waiting:
                queue.Waiting.Add(job);
                break;
            case JobState.Scheduled:
                queue.Scheduled.Add(job);
                queue.Retrying += record.Attempt > 0 ? 1 : 0;
                break;
            case JobState.Blocked:
                queue.Blocked.Add(job);
                break;
            case JobState.Running:
                _running.Add(job);
                if (record.Group is not null)
                {
                    queue.Groups.AddRunning(record.Group);
                }

                break;
            default:
                _ended[record.State].Add(job);
                break;
        }
    }

    private void Unindex(MemoryJob job)
    {
        var record = job.Record;
        var queue = Queue(record.Queue);
        queue.Counts[(int)record.State]--;
        switch (record.State)
        {
            case JobState.Waiting when record.Group is not null:
                queue.Groups.RemoveWaiting(job);
                break;
            case JobState.Waiting:
                queue.Waiting.Remove(job);
                break;
            case JobState.Scheduled:
                queue.Scheduled.Remove(job);
                queue.Retrying -= record.Attempt > 0 ? 1 : 0;
                break;
            case JobState.Blocked:
                queue.Blocked.Remove(job);
                break;
            case JobState.Running:
                _running.Remove(job);
                if (record.Group is not null)
                {
                    queue.Groups.RemoveRunning(record.Group);
                }

                break;
            default:
                _ended[record.State].Remove(job);
                break;
        }
    }
}
