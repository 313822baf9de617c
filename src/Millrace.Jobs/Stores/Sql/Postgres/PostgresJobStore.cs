using System.Collections.Concurrent;
using System.Data.Common;
using Millrace.Jobs.Stores.Sql.Postgres.Operations;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Jobs in a PostgreSQL database, shared by any number of stores.</summary>
/// <remarks>Every operation is one transaction and most are one round trip. See <see cref="PostgresSessions"/> for connections,
/// <see cref="EnqueueLine"/> for enqueues, <see cref="LineFronts"/> for where claims begin, <see cref="Wait"/> for how workers are woken.</remarks>
internal sealed partial class PostgresJobStore : SqlJobStore
{
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(1); // where nothing tells of others' work
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly DbDataSource _dataSource;
    private readonly TimeProvider? _clock; // null: the server's
    private readonly TimeProvider _ownClock; // for what this process waits for
    private readonly PostgresTexts _texts;
    private readonly PostgresSessions _sessions;
    private readonly EnqueueLine _line;
    private readonly LineFronts _fronts;
    private readonly WorkSignal _signal;
    private readonly WakeUps? _wakeUps; // null: others' work is found by looking
    private readonly Waiting _waiting;
    private readonly ConcurrentDictionary<string, QueueCapacity> _limits = new(StringComparer.Ordinal); // of the queues whose last claim here had any
    private readonly SemaphoreSlim _opening = new(1, 1);
    private bool _open; // set once, under _opening
    private bool _closed;
    private uint _changes;

    public PostgresJobStore(DbDataSource dataSource, string schema, PostgresListener? listener, TimeProvider? clock)
    {
        _dataSource = dataSource;
        _clock = clock;
        _ownClock = clock ?? TimeProvider.System;
        _texts = new PostgresTexts(schema);
        _sessions = new PostgresSessions(dataSource, _texts);
        _line = new EnqueueLine(EnqueueGroupAsync);
        _fronts = new LineFronts(_ownClock);
        _signal = new WorkSignal(_ownClock);
        _wakeUps = listener is null ? null : new WakeUps(listener, _texts.InSchema("millrace.wake"), _signal, _ownClock);
        _waiting = new Waiting(_sessions, _signal);
    }

    /// <inheritdoc />
    public override string Name => PostgresSchema.Name;

    private long? Now => _clock is null ? null : SqlTime.Cut(_clock.GetUtcNow());

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The database cannot be opened, or a newer version of Millrace has used it.</exception>
    public override async ValueTask InitializeAsync(CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _open))
        {
            return;
        }

        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), this);
            if (!_open)
            {
                await PostgresSchema.MigrateAsync(_dataSource, _texts, Now, cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _open, true);
            }
        }
        catch (DbException exception)
        {
            throw new InvalidOperationException($"The job store ({Name}) could not be opened: {exception.Message}", exception);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <inheritdoc />
    public override async ValueTask<EnqueueOutcome> EnqueueAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        return await _line.RunAsync(jobs, maximumQueueLength, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public override async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken = default)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        NoteLimits(request.Queues);
        var awaited = false;
        var asked = request.Queues.Select(static queue => queue.Queue).ToHashSet(StringComparer.Ordinal);
        var more = Following(request.Finishes.Where(finish => !asked.Contains(finish.Run.Queue)));
        var result = await _sessions.RunUrgentAsync(
            (session, token) => new Claim(request, _fronts, _ownClock).RunAsync(session, Now, more, () => awaited = true, token), cancellationToken).ConfigureAwait(false);
        Finished(request.Finishes);
        if (awaited)
        {
            await TryTellAsync().ConfigureAwait(false);
        }

        return result;
    }

    /// <inheritdoc />
    public override async ValueTask<IReadOnlyList<FinishResult>> FinishAsync(IReadOnlyList<JobFinish> finishes, CancellationToken cancellationToken = default)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        var more = Following(finishes);
        var awaited = false;
        var results = await _sessions.RunUrgentAsync((session, token) => Finish.RunAsync(session, Now, finishes, more, () => awaited = true, token), cancellationToken).ConfigureAwait(false);
        Finished(finishes);
        if (awaited)
        {
            await TryTellAsync().ConfigureAwait(false);
        }

        return results;
    }

    /// <inheritdoc />
    public override async ValueTask<HeartbeatResult> HeartbeatAsync(HeartbeatRequest request, CancellationToken cancellationToken = default)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        var released = new HashSet<string>(StringComparer.Ordinal);
        var result = await _sessions.RunUrgentAsync((session, token) => Heartbeat.RunAsync(session, Now, request, released, token), cancellationToken).ConfigureAwait(false);
        BackInLine(released);
        if (released.Count > 0)
        {
            await TryTellAsync().ConfigureAwait(false);
        }

        return result;
    }

    /// <inheritdoc />
    public override async ValueTask LeaveAsync(string workerId, CancellationToken cancellationToken = default) =>
        await RunAsync((session, token) => Leave.RunAsync(session, workerId, token), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc />
    public override ValueTask<bool> ReportProgressAsync(JobRun run, int percent, string? message, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => ReportProgress.RunAsync(session, run, percent, message, token), cancellationToken);

    /// <inheritdoc />
    public override async ValueTask<SweepResult> SweepAsync(SweepRequest request, CancellationToken cancellationToken = default)
    {
        var result = await RunAsync((session, token) => Sweep.RunAsync(session, Now, request, DescribeLostWorker, token), cancellationToken).ConfigureAwait(false);
        BackInLine(result.Rescued.Where(job => job.State == JobState.Waiting || HasLimit(job.Queue)).Select(static job => job.Queue).ToHashSet(StringComparer.Ordinal));
        await TellAsync(cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <inheritdoc />
    public override async ValueTask<CancelStatus> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        var status = await RunAsync((session, token) => Cancel.RunAsync(session, Now, id, token), cancellationToken).ConfigureAwait(false);
        await TryTellAsync().ConfigureAwait(false);
        return status;
    }

    /// <inheritdoc />
    public override async ValueTask<IReadOnlyList<string>> ReplayAsync(IReadOnlyList<string> ids, int priorityRaise, CancellationToken cancellationToken = default)
    {
        var queues = new HashSet<string>(StringComparer.Ordinal);
        var replayed = await RunAsync((session, token) => Replay.RunAsync(session, Now, ids, priorityRaise, queues, token), cancellationToken).ConfigureAwait(false);
        BackInLine(queues);
        return replayed;
    }

    /// <inheritdoc />
    public override async ValueTask<IReadOnlyList<string>> DeleteAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken = default)
    {
        var removed = await RunAsync((session, token) => Delete.RunAsync(session, ids, token), cancellationToken).ConfigureAwait(false);
        await TryTellAsync().ConfigureAwait(false);
        return removed;
    }

    /// <inheritdoc />
    public override async ValueTask SetQueuePausedAsync(string queue, bool paused, CancellationToken cancellationToken = default)
    {
        await RunAsync((session, token) => SetQueuePaused.RunAsync(session, queue, paused, token), cancellationToken).ConfigureAwait(false);
        _signal.Pulse(queue);
    }

    /// <inheritdoc />
    public override ValueTask<JobRecord?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => Get.RunAsync(session, id, token), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => List.RunAsync(session, query, token), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken = default) =>
        RunAsync(GetQueues.RunAsync, cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<WorkerRecord>> GetWorkersAsync(CancellationToken cancellationToken = default) =>
        RunAsync(GetWorkers.RunAsync, cancellationToken);

    /// <inheritdoc />
    public override async ValueTask WaitForWorkAsync(IReadOnlyCollection<string> queues, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        Task<Waiting.Mark>? mark = null;
        try
        {
            for (var poll = ShortestPoll; ; poll = poll * 2 < LongestWait ? poll * 2 : LongestWait)
            {
                // Listen first, look next, wait last: then no wake-up is lost.
                cancellationToken.ThrowIfCancellationRequested();
                using var waiter = _signal.Register(queues);
                if (Volatile.Read(ref _closed))
                {
                    return;
                }

                long? due;
                if (_wakeUps is { IsListening: true })
                {
                    mark = MarkAgain(queues, mark);
                    due = (await mark.WaitAsync(cancellationToken).ConfigureAwait(false)).Due;
                }
                else
                {
                    poll = poll < LongestPoll ? poll : LongestPoll;
                    due = await RunAsync((session, token) => FindWork.RunAsync(session, Now, queues, _limits, before: null, token), cancellationToken).ConfigureAwait(false);
                }

                // The caller took its time from this process's clock; how long a job is still to wait is the server's word.
                var left = until - _ownClock.GetUtcNow();
                left = due < left.TotalMilliseconds ? TimeSpan.FromMilliseconds(due.Value) : left;
                if (left <= TimeSpan.Zero)
                {
                    return;
                }

                await waiter.WaitAsync(left < poll ? left : poll, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ObjectDisposedException) when (Volatile.Read(ref _closed))
        {
            // The wait ends with the store.
        }
        finally
        {
            _ = _waiting.LeaveAsync(mark); // the worker is not to wait for it
        }
    }

    /// <inheritdoc />
    public override async ValueTask UpsertScheduleAsync(ScheduleDefinition schedule, DateTimeOffset? nextAt, CancellationToken cancellationToken = default) =>
        await RunAsync((session, token) => UpsertSchedule.RunAsync(session, schedule, nextAt, token), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc />
    public override ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => RemoveSchedule.RunAsync(session, name, token), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<bool> SetSchedulePausedAsync(string name, bool paused, DateTimeOffset? nextAt, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => SetSchedulePaused.RunAsync(session, name, paused, nextAt, token), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(CancellationToken cancellationToken = default) =>
        RunAsync(GetSchedules.RunAsync, cancellationToken);

    /// <inheritdoc />
    public override ValueTask<DueSchedules> GetDueSchedulesAsync(int maximum, CancellationToken cancellationToken = default) =>
        RunAsync((session, token) => GetDueSchedules.RunAsync(session, Now, maximum, token), cancellationToken);

    /// <inheritdoc />
    public override async ValueTask<FireStatus> FireScheduleAsync(FireRequest request, CancellationToken cancellationToken = default)
    {
        var status = await RunAsync((session, token) => FireSchedule.RunAsync(session, Now, request, token), cancellationToken).ConfigureAwait(false);
        if (status == FireStatus.Fired)
        {
            _signal.Pulse(request.Job.Queue);
        }

        return status;
    }

    /// <summary>Does what was begun, closes the connections and ends every <see cref="WaitForWorkAsync"/>. The data source stays open.</summary>
    public override async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _closed, true);
        _signal.Close();
        if (_wakeUps is not null)
        {
            await _wakeUps.DisposeAsync().ConfigureAwait(false);
        }

        await _waiting.DisposeAsync().ConfigureAwait(false);
        await _sessions.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<T> RunAsync<T>(Func<PostgresSession, CancellationToken, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        return await _sessions.RunAsync(run, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Marks the queues as waited for and looks at them, before an earlier mark is taken away. Not cancellable: the mark's session is others' too.</summary>
    private Task<Waiting.Mark> MarkAgain(IReadOnlyCollection<string> queues, Task<Waiting.Mark>? before)
    {
        var mark = _waiting.EnterAsync((session, first) => FindWork.RunAsync(session, Now, queues, _limits, first, CancellationToken.None), [.. queues]);
        _ = _waiting.LeaveAsync(before);
        return mark;
    }

    private async ValueTask<EnqueueAnswer> EnqueueGroupAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength)
    {
        var more = Following();
        var answer = await _sessions.RunUrgentAsync(
            (session, token) => Enqueue.RunAsync(session, Now, jobs, maximumQueueLength, more, token), CancellationToken.None).ConfigureAwait(false);
        if (!answer.IsFull)
        {
            if (jobs.Any(static job => job.Unique is { Replace: true }))
            {
                _fronts.Forget(jobs[0].Queue); // a job that took over another due time keeps its order of enqueue
            }

            _signal.Pulse(jobs[0].Queue);
        }

        return answer;
    }

    /// <summary>What is to be added to an operation that changes counts: now and then, that they be added up.</summary>
    private Action<PostgresBatch>? Following() => Interlocked.Increment(ref _changes) % Compact.Interval == 0 ? Compact.Add : null;

    /// <summary>The same, for an operation that ends jobs: where these leave places under a limit, other processes' workers are told. (A claim from the queue takes them itself.)</summary>
    private Action<PostgresBatch>? Following(IEnumerable<JobFinish> finishes)
    {
        var compact = Following();
        string[] freed = _limits.IsEmpty ? [] : [.. finishes.Select(static finish => finish.Run.Queue).Where(HasLimit).Distinct(StringComparer.Ordinal)];
        return freed.Length == 0 ? compact : batch =>
        {
            Wait.AddWake(batch, freed);
            compact?.Invoke(batch);
        };
    }

    private void NoteLimits(IReadOnlyList<QueueCapacity> queues)
    {
        foreach (var queue in queues)
        {
            if (queue is { MaximumRunning: not null } or { Rate: not null } or { GroupMaximumRunning: not null })
            {
                _limits[queue.Queue] = queue;
            }
            else if (!_limits.IsEmpty)
            {
                _limits.TryRemove(queue.Queue, out _);
            }
        }
    }

    /// <summary>Whether the end of a job leaves a place that others may wait for.</summary>
    private bool HasLimit(string queue) => !_limits.IsEmpty && _limits.TryGetValue(queue, out var limits) && (limits.MaximumRunning is not null || limits.GroupMaximumRunning is not null);

    private void Finished(IReadOnlyList<JobFinish> finishes)
    {
        foreach (var finish in finishes)
        {
            if (Finish.ReturnsToLine(finish))
            {
                _fronts.Forget(finish.Run.Queue);
            }

            if (Finish.PutsBack(finish) || HasLimit(finish.Run.Queue))
            {
                _signal.Pulse(finish.Run.Queue);
            }
        }
    }

    /// <summary>Jobs were put back at old places.</summary>
    private void BackInLine(HashSet<string> queues)
    {
        foreach (var queue in queues)
        {
            _fronts.Forget(queue);
            _signal.Pulse(queue);
        }
    }
}
