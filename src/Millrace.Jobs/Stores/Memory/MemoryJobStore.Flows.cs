namespace Millrace.Jobs.Stores.Memory;

/// <summary>Jobs that wait for others.</summary>
internal sealed partial class MemoryJobStore
{
    private readonly Queue<(JobAddress Dependent, LinkEnd End)> _ends = []; // what has yet to be told to whom; empty outside of operations

    public override ValueTask<EnqueueOutcome> EnqueueFlowAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var now = Now;
            var ids = new HashSet<string>(StringComparer.Ordinal);
            var added = jobs.Where(job => !_book.Contains(job.Id) && ids.Add(job.Id)).ToList();
            foreach (var queue in added.GroupBy(static job => job.Queue, StringComparer.Ordinal))
            {
                if (_book.Queue(queue.Key).Pending + queue.Count() > maximumQueueLength)
                {
                    return ValueTask.FromResult(new EnqueueOutcome { FullQueue = queue.Key });
                }
            }

            foreach (var job in added)
            {
                Add(job, now);
            }

            foreach (var job in added)
            {
                Link(job);
            }

            return ValueTask.FromResult(new EnqueueOutcome { Existing = [.. jobs.Where(job => !added.Contains(job)).Select(static job => job.Id)] });
        }
    }

    public override ValueTask<JobLinks?> GetLinksAsync(string id, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(!_book.TryGet(id, out var job) ? null : new JobLinks
            {
                Condition = job.Wait?.Condition ?? default,
                After = [.. job.Wait?.Links ?? []],
                Before = [.. job.Before.OrderBy(static other => other.Queue, StringComparer.Ordinal).ThenBy(static other => other.Id, StringComparer.Ordinal)],
            });
        }
    }

    /// <summary>Makes a new job known to those that it waits for; of those that have ended, or are not there, it learns now.</summary>
    private void Link(NewJob job)
    {
        var address = new JobAddress(job.Queue, job.Id);
        foreach (var before in job.After)
        {
            if (!_book.TryGet(before.Id, out var other) || other.Record.Queue != before.Queue)
            {
                Tell(address, new LinkEnd(before, JobState.Cancelled, null));
                continue;
            }

            other.Before.Add(address);
            if (other.Record is { FinishedAt: not null, State: var ended, Result: var result })
            {
                Tell(address, new LinkEnd(before, ended, result));
            }
        }
    }

    /// <summary>A job has ended, or is removed: those that wait for it learn so.</summary>
    private void TellDependents(MemoryJob job, JobState ended, ReadOnlyMemory<byte>? result)
    {
        foreach (var dependent in job.Before)
        {
            Tell(dependent, new LinkEnd(new JobAddress(job.Record.Queue, job.Record.Id), ended, result));
        }
    }

    /// <summary>What is told may end other jobs, whose dependents are told in turn, one after the other.</summary>
    private void Tell(JobAddress dependent, LinkEnd end)
    {
        _ends.Enqueue((dependent, end));
        if (_ends.Count > 1)
        {
            return; // the call that is under way comes to it
        }

        for (; _ends.TryPeek(out var next); _ends.Dequeue())
        {
            if (_book.TryGet(next.Dependent.Id, out var job) && job.Record.Queue == next.Dependent.Queue && job.Wait is { } wait
                && wait.TryNote(next.End.Job, next.End.Ended, next.End.Result) && job.Record.State == JobState.Blocked)
            {
                Decide(job, wait, next.End);
            }
        }
    }

    private void Decide(MemoryJob job, MemoryWait wait, LinkEnd end)
    {
        var now = Now;
        switch (wait.Decide(end.Ended))
        {
            case JobState.Waiting:
                var due = Due(wait.At, wait.Delay, now);
                _book.Change(job, job.Record with { State = due > now ? JobState.Scheduled : JobState.Waiting, DueAt = due });
                _signal.Pulse(job.Record.Queue);
                break;
            case JobState.Cancelled:
                End(job, job.Record with { State = JobState.Cancelled, Error = DescribePrerequisite(end.Job.Id, end.Ended) }, now);
                break;
        }
    }
}
