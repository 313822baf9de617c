using System.Diagnostics.CodeAnalysis;

namespace Millrace.Jobs.Stores.Memory;

/// <summary>The transitions of one job. Called with the lock held.</summary>
internal sealed partial class MemoryJobStore
{
    private void Add(NewJob job, DateTimeOffset now)
    {
        var wait = job.After.Count > 0 ? new MemoryWait(job) : null;
        var due = wait is null ? Due(job.At, job.Delay, now) : now;
        _book.Add(new JobRecord
        {
            Id = job.Id,
            Queue = job.Queue,
            Type = job.Type,
            State = wait is not null ? JobState.Blocked : due > now ? JobState.Scheduled : JobState.Waiting,
            Payload = job.Payload,
            Priority = job.Priority,
            MaxAttempts = job.MaxAttempts,
            Timeout = job.Timeout,
            Tags = job.Tags,
            Metadata = job.Metadata,
            Group = job.Group,
            Schedule = job.Schedule,
            UniqueKey = job.Unique?.Key,
            CreatedAt = now,
            DueAt = due,
        }, job.Unique, wait);
        if (job.Unique is not null)
        {
            Guard(job.Queue).Hold(job.Unique, job.Id, now);
        }

        _signal.Pulse(job.Queue);
    }

    private static DateTimeOffset Due(DateTimeOffset? at, TimeSpan? delay, DateTimeOffset now) => at > now ? at.Value : now + RoundUp(delay ?? TimeSpan.Zero);

    private QueueGuard Guard(string queue)
    {
        if (!_guards.TryGetValue(queue, out var guard))
        {
            _guards[queue] = guard = new QueueGuard();
        }

        return guard;
    }

    /// <summary>The holder of a unique key takes over what a job brings that it keeps out; not once it was claimed.</summary>
    private void Replace(string holder, NewJob job, DateTimeOffset now)
    {
        if (_book.TryGet(holder, out var held) && held.Record is { State: JobState.Scheduled or JobState.Waiting, StartedAt: null })
        {
            var due = Due(job.At, job.Delay, now);
            var state = due > now ? JobState.Scheduled : JobState.Waiting;
            _book.Change(held, held.Record with { State = state, Payload = job.Payload, Metadata = job.Metadata, DueAt = due });
            _signal.Pulse(job.Queue);
        }
    }

    /// <summary>Takes a dead job's unique key again; false when another job holds it. One that was held for a time does not matter any more.</summary>
    private bool TryHoldAgain(MemoryJob job, DateTimeOffset now)
    {
        if (job.Unique is not { Until: not UniqueUntil.Elapsed } unique)
        {
            return true;
        }

        var guard = Guard(job.Record.Queue);
        if (guard.Holder(unique.Key, now) is not null)
        {
            return false;
        }

        guard.Hold(unique, job.Record.Id, now);
        return true;
    }

    private void Remove(MemoryJob job)
    {
        Guard(job.Record.Queue).Release(job.Unique, job.Record.Id);
        _book.Remove(job);
        TellDependents(job, JobState.Cancelled, null);
    }

    /// <summary>A job of the queue runs no longer.</summary>
    private void Left(string queue)
    {
        var guard = Guard(queue);
        if (guard.Full || _book.Queue(queue).Groups.IsOpen)
        {
            guard.Full = false;
            _signal.Pulse(queue);
        }
    }

    private void PromoteDue(BookQueue queue, DateTimeOffset now)
    {
        while (queue.Scheduled.Min is { } job && job.Record.DueAt <= now)
        {
            _book.Change(job, job.Record with { State = JobState.Waiting });
        }
    }

    private ClaimedJob Claim(MemoryJob job, string workerId, DateTimeOffset now)
    {
        job.Token = ++_lastToken;
        if (job.Unique is { Until: UniqueUntil.Started })
        {
            Guard(job.Record.Queue).Release(job.Unique, job.Record.Id);
        }

        _book.Change(job, job.Record with
        {
            State = JobState.Running,
            Attempt = job.Record.Attempt + 1,
            WorkerId = workerId,
            StartedAt = now,
            ProgressPercent = 0,
            ProgressMessage = null,
        });
        var record = job.Record;
        return new ClaimedJob
        {
            Id = record.Id,
            Queue = record.Queue,
            Type = record.Type,
            Payload = record.Payload,
            Token = job.Token,
            Attempt = record.Attempt,
            MaxAttempts = record.MaxAttempts,
            Priority = record.Priority,
            Timeout = record.Timeout,
            Tags = record.Tags,
            Metadata = record.Metadata,
            CreatedAt = record.CreatedAt,
            DueAt = record.DueAt,
            StartedAt = now,
        };
    }

    private bool Owns(JobRun run, [NotNullWhen(true)] out MemoryJob? job) =>
        _book.TryGet(run.Id, out job) && job.Record.State == JobState.Running && job.Record.Queue == run.Queue && job.Token == run.Token;

    private FinishResult[] Finish(IReadOnlyList<JobFinish> finishes, DateTimeOffset now) => [.. finishes.Select(finish => Finish(finish, now))];

    private FinishResult Finish(JobFinish finish, DateTimeOffset now)
    {
        if (!Owns(finish.Run, out var job))
        {
            return job is null || job.Record.Queue != finish.Run.Queue ? new(FinishStatus.Stale, null)
                : new(job.Token == finish.Run.Token && job.Record.State != JobState.Running ? FinishStatus.Repeated : FinishStatus.Stale, job.Record.State);
        }

        var record = job.Record;
        switch (finish.Kind)
        {
            case FinishKind.Completed when finish.Remove:
                TellDependents(job, JobState.Completed, finish.Result);
                Remove(job);
                Left(record.Queue);
                return new(FinishStatus.Applied, JobState.Completed);
            case FinishKind.Completed:
                End(job, record with { State = JobState.Completed, Error = null, Result = finish.Result }, now);
                break;
            case FinishKind.Dead:
                End(job, record with { State = JobState.Dead, Error = finish.Error }, now);
                break;
            case FinishKind.Cancelled:
                End(job, record with { State = JobState.Cancelled }, now);
                break;
            case FinishKind.Retry:
                PutBack(job, record with { State = JobState.Scheduled, Error = finish.Error, DueAt = now + RoundUp(finish.Delay) }, now);
                break;
            case FinishKind.Snoozed:
                PutBack(job, record with { State = JobState.Scheduled, Attempt = record.Attempt - 1, DueAt = now + RoundUp(finish.Delay) }, now);
                break;
            default:
                Release(job, now);
                break;
        }

        return new(FinishStatus.Applied, job.Record.State);
    }

    private void Release(MemoryJob job, DateTimeOffset now) =>
        PutBack(job, job.Record with { State = JobState.Waiting, Attempt = job.Record.Attempt - 1 }, now);

    /// <summary>Takes a job from a dead worker.</summary>
    private void Rescue(MemoryJob job, DateTimeOffset now)
    {
        var error = DescribeLostWorker(job.Record.WorkerId!);
        if (job.Record.Attempt < job.Record.MaxAttempts || job.Record.CancelRequested)
        {
            PutBack(job, job.Record with { State = JobState.Waiting, Error = error }, now);
        }
        else
        {
            End(job, job.Record with { State = JobState.Dead, Error = error }, now);
        }

        job.Token = 0;
    }

    /// <summary>From running to pending; or to cancelled and otherwise unchanged, when that was requested meanwhile.</summary>
    private void PutBack(MemoryJob job, JobRecord pending, DateTimeOffset now)
    {
        if (job.Record.CancelRequested)
        {
            End(job, job.Record with { State = JobState.Cancelled }, now);
            return;
        }

        _book.Change(job, pending with { WorkerId = null });
        Left(pending.Queue);
        _signal.Pulse(pending.Queue);
    }

    private void End(MemoryJob job, JobRecord ended, DateTimeOffset now)
    {
        _book.Change(job, ended with { FinishedAt = now, WorkerId = null, CancelRequested = false });
        Guard(ended.Queue).Release(job.Unique, ended.Id);
        Left(ended.Queue);
        TellDependents(job, ended.State, ended.State == JobState.Completed ? ended.Result : null);
    }

    private CancelStatus Cancel(string id)
    {
        if (!_book.TryGet(id, out var job))
        {
            return CancelStatus.NotFound;
        }

        switch (job.Record.State)
        {
            case JobState.Scheduled or JobState.Waiting or JobState.Blocked:
                End(job, job.Record with { State = JobState.Cancelled }, Now);
                return CancelStatus.Cancelled;
            case JobState.Running:
                _book.Change(job, job.Record with { CancelRequested = true });
                return CancelStatus.Requested;
            default:
                return CancelStatus.AlreadyEnded;
        }
    }

    private void RenewLease(WorkerIdentity worker, TimeSpan lease, DateTimeOffset now)
    {
        var started = _workers.TryGetValue(worker.Id, out var known) ? known.StartedAt : now;
        _workers[worker.Id] = new WorkerRecord(worker, started, now, now + lease, 0);
    }

    private bool IsAlive(string? workerId, DateTimeOffset now) =>
        workerId is not null && _workers.TryGetValue(workerId, out var worker) && worker.LeaseUntil > now;

    private void ForgetDeadWorkers(DateTimeOffset now)
    {
        var holding = _book.Running.Select(static job => job.Record.WorkerId).ToHashSet(StringComparer.Ordinal);
        foreach (var id in _workers.Keys.Where(id => !IsAlive(id, now) && !holding.Contains(id)).ToList())
        {
            _workers.Remove(id);
        }
    }

    private int Retain(JobState state, JobRetention retention, int maximum, DateTimeOffset now, ref bool more)
    {
        var ended = _book.Ended(state);
        var removed = 0;
        while (ended.Min is { } oldest && (ended.Count > retention.Count || now - oldest.Record.FinishedAt > retention.Age))
        {
            if (removed == maximum)
            {
                more = true;
                break;
            }

            Remove(oldest);
            removed++;
        }

        return removed;
    }

    /// <summary>When there will be a job to claim in a queue.</summary>
    private DateTimeOffset NextDue(string name)
    {
        var (queue, guard) = (_book.Queue(name), Guard(name));
        if (queue.Paused || guard.Full)
        {
            return DateTimeOffset.MaxValue;
        }

        var due = queue.Waiting.Count > 0 || queue.Groups.IsOpen ? DateTimeOffset.MinValue : queue.Scheduled.Min?.Record.DueAt ?? DateTimeOffset.MaxValue;
        due = queue.Groups.NextAt is { } next && next < due ? next : due;
        return due > guard.BlockedUntil ? due : guard.BlockedUntil;
    }

    private static TimeSpan RoundUp(TimeSpan delay) => TimeSpan.FromMilliseconds(Math.Ceiling(delay.TotalMilliseconds));

    private static bool Matches(JobRecord job, JobQuery query) =>
        (query.State is null || job.State == query.State)
        && (query.Queue is null || job.Queue == query.Queue)
        && (query.Type is null || job.Type == query.Type)
        && (query.Tag is null || job.Tags.Contains(query.Tag))
        && ListRange.Holds(query, job);

    private static QueueStatus Describe(string name, BookQueue queue) => new()
    {
        Name = name,
        Paused = queue.Paused,
        Waiting = queue.Counts[(int)JobState.Waiting],
        Delayed = queue.Counts[(int)JobState.Scheduled] - queue.Retrying,
        Retrying = queue.Retrying,
        Blocked = queue.Counts[(int)JobState.Blocked],
        Running = queue.Counts[(int)JobState.Running],
        Completed = queue.Counts[(int)JobState.Completed],
        Dead = queue.Counts[(int)JobState.Dead],
        Cancelled = queue.Counts[(int)JobState.Cancelled],
    };
}
