namespace Millrace.Jobs.Stores.Memory;

/// <summary>The executable specification of <see cref="JobStore"/>: every operation in one lock, in the plainest way that is still fast.
/// Jobs live as long as the process.</summary>
internal sealed partial class MemoryJobStore(TimeProvider clock) : JobStore
{
    private readonly Lock _lock = new(); // guards every field below but _signal
    private readonly JobBook _book = new();
    private readonly Dictionary<string, QueueGuard> _guards = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, WorkerRecord> _workers = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, ScheduleRecord> _schedules = new(StringComparer.Ordinal);
    private readonly WorkSignal _signal = new(clock);
    private long _lastToken;

    public override string Name => "memory";

    private DateTimeOffset Now
    {
        get
        {
            var now = clock.GetUtcNow().UtcTicks;
            return new DateTimeOffset(now - (now % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
        }
    }

    public override ValueTask<EnqueueOutcome> EnqueueAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var (now, guard) = (Now, Guard(jobs[0].Queue));
            var existing = new List<string>();
            var holders = new Dictionary<string, string>(StringComparer.Ordinal);
            var (ids, keys) = (new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
            var changes = new List<(NewJob Job, string? Holder)>(jobs.Count);
            foreach (var job in jobs)
            {
                if (_book.Contains(job.Id) || ids.Contains(job.Id))
                {
                    existing.Add(job.Id);
                    continue;
                }

                var holder = job.Unique is null ? null : guard.Holder(job.Unique.Key, now) ?? keys.GetValueOrDefault(job.Unique.Key);
                changes.Add((job, holder));
                if (holder is not null)
                {
                    existing.Add(job.Id);
                    holders[job.Id] = holder;
                    continue;
                }

                ids.Add(job.Id);
                if (job.Unique is not null)
                {
                    keys[job.Unique.Key] = job.Id;
                }
            }

            if (ids.Count > 0 && _book.Queue(jobs[0].Queue).Pending + ids.Count > maximumQueueLength)
            {
                return ValueTask.FromResult(new EnqueueOutcome { FullQueue = jobs[0].Queue });
            }

            foreach (var (job, holder) in changes)
            {
                if (holder is null)
                {
                    Add(job, now);
                }
                else if (job.Unique!.Replace)
                {
                    Replace(holder, job, now);
                }
            }

            return ValueTask.FromResult(new EnqueueOutcome { Existing = existing, Holders = holders });
        }
    }

    public override ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var now = Now;
            RenewLease(request.Worker, request.Lease, now);
            var finished = Finish(request.Finishes, now);
            var claimed = new List<ClaimedJob>();
            foreach (var limits in request.Queues)
            {
                var queue = _book.Queue(limits.Queue);
                if (queue.Paused)
                {
                    continue;
                }

                PromoteDue(queue, now);
                var guard = Guard(limits.Queue);
                var before = claimed.Count;
                for (var left = guard.Allow(limits, queue.Counts[(int)JobState.Running], now); left > 0 && claimed.Count < request.MaximumJobs && queue.Groups.Next(queue.Waiting, limits, guard.Buckets, now) is { } job; left--)
                {
                    claimed.Add(Claim(job, request.Worker.Id, now));
                }

                guard.Started(limits, queue.Counts[(int)JobState.Running], claimed.Count - before, now);
            }

            return ValueTask.FromResult(new ClaimResult(claimed, finished));
        }
    }

    public override ValueTask<IReadOnlyList<FinishResult>> FinishAsync(IReadOnlyList<JobFinish> finishes, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<FinishResult>>(Finish(finishes, Now));
        }
    }

    public override ValueTask<HeartbeatResult> HeartbeatAsync(HeartbeatRequest request, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            RenewLease(request.Worker, request.Lease, Now);
            var known = request.Runs.ToHashSet();
            foreach (var job in _book.Running.Where(job => job.Record.WorkerId == request.Worker.Id && !known.Contains(new JobRun(job.Record.Queue, job.Record.Id, job.Token))).ToList())
            {
                Release(job, Now);
                job.Token = 0;
            }

            var cancel = new List<JobRun>();
            var lost = new List<JobRun>();
            foreach (var run in request.Runs)
            {
                if (!Owns(run, out var job))
                {
                    lost.Add(run);
                }
                else if (job.Record.CancelRequested)
                {
                    cancel.Add(run);
                }
            }

            return ValueTask.FromResult(new HeartbeatResult(cancel, lost));
        }
    }

    public override ValueTask LeaveAsync(string workerId, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _workers.Remove(workerId);
            return ValueTask.CompletedTask;
        }
    }

    public override ValueTask<bool> ReportProgressAsync(JobRun run, int percent, string? message, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var owns = Owns(run, out var job);
            if (owns)
            {
                _book.Change(job!, job!.Record with { ProgressPercent = percent, ProgressMessage = message });
            }

            return ValueTask.FromResult(owns);
        }
    }

    public override ValueTask<SweepResult> SweepAsync(SweepRequest request, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var now = Now;
            var orphans = _book.Running.Where(job => !IsAlive(job.Record.WorkerId, now)).Take(request.MaximumJobs + 1).ToList();
            var more = orphans.Count > request.MaximumJobs;
            var rescued = new List<JobRecord>();
            foreach (var job in orphans.Take(request.MaximumJobs))
            {
                Rescue(job, now);
                rescued.Add(job.Record);
            }

            ForgetDeadWorkers(now);
            foreach (var guard in _guards.Values)
            {
                guard.Forget(now);
            }

            var removed = Retain(JobState.Completed, request.Completed, request.MaximumJobs, now, ref more)
                + Retain(JobState.Cancelled, request.Cancelled, request.MaximumJobs, now, ref more)
                + Retain(JobState.Dead, request.Dead, request.MaximumJobs, now, ref more);
            return ValueTask.FromResult(new SweepResult { Rescued = rescued, Removed = removed, More = more });
        }
    }

    public override ValueTask<CancelStatus> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(Cancel(id));
        }
    }

    public override ValueTask<IReadOnlyList<string>> ReplayAsync(IReadOnlyList<string> ids, int priorityRaise, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var now = Now;
            var replayed = new List<string>();
            foreach (var id in ids)
            {
                if (_book.TryGet(id, out var job) && job.Record.State == JobState.Dead && TryHoldAgain(job, now))
                {
                    var priority = Math.Min(job.Record.Priority + priorityRaise, JobLimits.MaximumPriority);
                    _book.Change(job, job.Record with { State = JobState.Waiting, Priority = priority, Attempt = 0, DueAt = now, FinishedAt = null });
                    _signal.Pulse(job.Record.Queue);
                    replayed.Add(id);
                }
            }

            return ValueTask.FromResult<IReadOnlyList<string>>(replayed);
        }
    }

    public override ValueTask<IReadOnlyList<string>> DeleteAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var deleted = new List<string>();
            foreach (var id in ids)
            {
                if (_book.TryGet(id, out var job) && job.Record.State != JobState.Running)
                {
                    Remove(job);
                    deleted.Add(id);
                }
            }

            return ValueTask.FromResult<IReadOnlyList<string>>(deleted);
        }
    }

    public override ValueTask SetQueuePausedAsync(string queue, bool paused, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _book.Queue(queue).Paused = paused;
            _signal.Pulse(queue);
            return ValueTask.CompletedTask;
        }
    }

    public override ValueTask<JobRecord?> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_book.TryGet(id, out var job) ? job.Record : null);
        }
    }

    public override ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken = default)
    {
        var after = ListPlace.Parse(query);
        lock (_lock)
        {
            var page = MemoryList.After(after, _book, query).Where(job => Matches(job.Record, query)).Take(query.PageSize + 1).ToList();
            var next = page.Count > query.PageSize ? ListPlace.Of(page[query.PageSize - 1].Record, page[query.PageSize - 1].Sequence, query).ToString() : null;
            return ValueTask.FromResult(new JobPage([.. page.Take(query.PageSize).Select(static job => job.Record)], next));
        }
    }

    public override ValueTask<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<QueueStatus>>(
                [.. _book.Queues.Where(static pair => pair.Value.Paused || pair.Value.Total > 0).Select(static pair => Describe(pair.Key, pair.Value))]);
        }
    }

    public override ValueTask<IReadOnlyList<WorkerRecord>> GetWorkersAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<WorkerRecord>>(
                [.. _workers.Values.Select(worker => worker with { Running = _book.Running.Count(job => job.Record.WorkerId == worker.Identity.Id) })]);
        }
    }

    public override async ValueTask WaitForWorkAsync(IReadOnlyCollection<string> queues, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var waiter = _signal.Register(queues);
        TimeSpan longest;
        lock (_lock)
        {
            var due = queues.Select(NextDue).Append(until).Min();
            longest = due - clock.GetUtcNow();
        }

        if (longest > TimeSpan.Zero)
        {
            await waiter.WaitAsync(longest, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What is kept of groups: one text for each that has ready or running jobs, or a bucket that is not full. For tests.</summary>
    internal IReadOnlyList<string> GroupState()
    {
        lock (_lock)
        {
            return [
                .. _book.Queues.Where(static queue => queue.Value.Groups.Count > 0).Select(static queue => $"{queue.Key}: {queue.Value.Groups.Count} groups"),
                .. _guards.Where(static guard => guard.Value.Buckets.Count > 0).Select(static guard => $"{guard.Key}: {guard.Value.Buckets.Count} buckets")];
        }
    }

    public override ValueTask DisposeAsync()
    {
        _signal.Close();
        return ValueTask.CompletedTask;
    }
}
