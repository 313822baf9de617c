using System.Data.Common;
using Millrace.Jobs.Stores.Sql.Sqlite.Operations;
using Millrace.Jobs.Stores.Sql.Sqlite.Writing;

namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>Jobs in a SQLite file, 3.35 or newer, whose connections are in WAL mode and wait for locks.</summary>
/// <remarks>
/// <para>One writer per store takes the operations that wait and commits them in groups; a caller returns after the commit that holds its
/// operation. Readers have connections of their own. Several stores, in one process or many, may share one file.</para>
/// <para>Waiting for work ends at once on what this store did. What others did to the same file is looked for after 50 ms, then at growing
/// intervals of at most one second.</para>
/// </remarks>
internal sealed partial class SqliteJobStore : SqlJobStore
{
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(1);

    private readonly DbDataSource _dataSource;
    private readonly TimeProvider _clock;
    private readonly WorkSignal _signal;
    private readonly SessionPool _readers;
    private readonly SemaphoreSlim _opening = new(1, 1);
    private GroupWriter? _writer; // set once, under _opening
    private string? _file; // the database file's path as SQLite tells it; set with the writer
    private bool _closed;

    public SqliteJobStore(DbDataSource dataSource, TimeProvider clock)
    {
        _dataSource = dataSource;
        _clock = clock;
        _signal = new WorkSignal(clock);
        _readers = new SessionPool(async token => new SqlSession(await _dataSource.OpenConnectionAsync(token).ConfigureAwait(false)));
    }

    /// <inheritdoc />
    public override string Name => SqliteSchema.Name;

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The database cannot be opened, or a newer version of Millrace has used it.</exception>
    public override async ValueTask InitializeAsync(CancellationToken cancellationToken = default) =>
        _ = await OpenAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc />
    public override ValueTask<EnqueueOutcome> EnqueueAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) =>
        WriteAsync(session => Enqueue.RunAsync(session, jobs, maximumQueueLength), cancellationToken, jobs.Count);

    /// <inheritdoc />
    public override ValueTask<EnqueueOutcome> EnqueueFlowAsync(IReadOnlyList<NewJob> jobs, int maximumQueueLength, CancellationToken cancellationToken = default) =>
        WriteAsync(session => EnqueueFlow.RunAsync(session, jobs, maximumQueueLength), cancellationToken, jobs.Count);

    /// <inheritdoc />
    public override ValueTask<JobLinks?> GetLinksAsync(string id, CancellationToken cancellationToken = default) =>
        ReadAsync(session => GetLinks.RunAsync(session, id), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken = default) =>
        WriteUrgentAsync(session => Claim.RunAsync(session, request), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<FinishResult>> FinishAsync(IReadOnlyList<JobFinish> finishes, CancellationToken cancellationToken = default) =>
        WriteUrgentAsync(session => Finish.RunAsync(session, finishes), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<HeartbeatResult> HeartbeatAsync(HeartbeatRequest request, CancellationToken cancellationToken = default) =>
        WriteUrgentAsync(session => Heartbeat.RunAsync(session, request), cancellationToken);

    /// <inheritdoc />
    public override async ValueTask LeaveAsync(string workerId, CancellationToken cancellationToken = default) =>
        await WriteAsync(session => Leave.RunAsync(session, workerId), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc />
    public override ValueTask<bool> ReportProgressAsync(JobRun run, int percent, string? message, CancellationToken cancellationToken = default) =>
        WriteAsync(session => ReportProgress.RunAsync(session, run, percent, message), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<bool> AppendLogAsync(JobRun run, string text, CancellationToken cancellationToken = default) =>
        WriteAsync(session => AppendLog.RunAsync(session, run, text), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<JobLogLine>> GetLogAsync(string id, CancellationToken cancellationToken = default) =>
        ReadAsync(session => GetLog.RunAsync(session, id), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<SweepResult> SweepAsync(SweepRequest request, CancellationToken cancellationToken = default) =>
        WriteAsync(session => Sweep.RunAsync(session, request, DescribeLostWorker), cancellationToken, request.MaximumJobs);

    /// <inheritdoc />
    public override ValueTask<CancelStatus> CancelAsync(string id, CancellationToken cancellationToken = default) =>
        WriteAsync(session => Cancel.RunAsync(session, id), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<string>> ReplayAsync(IReadOnlyList<string> ids, int priorityRaise, CancellationToken cancellationToken = default) =>
        WriteAsync(session => Replay.RunAsync(session, ids, priorityRaise), cancellationToken, ids.Count);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<string>> DeleteAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(session => Delete.RunAsync(session, ids), cancellationToken, ids.Count);

    /// <inheritdoc />
    public override async ValueTask SetQueuePausedAsync(string queue, bool paused, CancellationToken cancellationToken = default) =>
        await WriteAsync(session => SetQueuePaused.RunAsync(session, queue, paused), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc />
    public override ValueTask<JobRecord?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        ReadAsync(session => Get.RunAsync(session, id), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync(session => List.RunAsync(session, query), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(GetQueues.RunAsync, cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<WorkerRecord>> GetWorkersAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(GetWorkers.RunAsync, cancellationToken);

    /// <inheritdoc />
    public override async ValueTask WaitForWorkAsync(IReadOnlyCollection<string> queues, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        for (var poll = ShortestPoll; ; poll = poll * 2 < LongestPoll ? poll * 2 : LongestPoll)
        {
            // Listen first, look next, wait last: then no wake-up is lost.
            cancellationToken.ThrowIfCancellationRequested();
            using var waiter = _signal.Register(queues);
            if (Volatile.Read(ref _closed))
            {
                return;
            }

            long? due;
            try
            {
                due = await ReadAsync(session => FindWork.RunAsync(session, queues), cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectDisposedException) when (Volatile.Read(ref _closed))
            {
                return;
            }

            var next = due is { } time && SqlTime.Time(time) < until ? SqlTime.Time(time) : until;
            var left = next - _clock.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            await waiter.WaitAsync(left < poll ? left : poll, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public override async ValueTask UpsertScheduleAsync(ScheduleDefinition schedule, DateTimeOffset? nextAt, CancellationToken cancellationToken = default) =>
        await WriteAsync(session => UpsertSchedule.RunAsync(session, schedule, nextAt), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc />
    public override ValueTask<bool> RemoveScheduleAsync(string name, CancellationToken cancellationToken = default) =>
        WriteAsync(session => RemoveSchedule.RunAsync(session, name), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<bool> SetSchedulePausedAsync(string name, bool paused, DateTimeOffset? nextAt, CancellationToken cancellationToken = default) =>
        WriteAsync(session => SetSchedulePaused.RunAsync(session, name, paused, nextAt), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(GetSchedules.RunAsync, cancellationToken);

    /// <inheritdoc />
    public override ValueTask<DueSchedules> GetDueSchedulesAsync(int maximum, CancellationToken cancellationToken = default) =>
        ReadAsync(session => GetDueSchedules.RunAsync(session, maximum, SqlTime.Time(SqlTime.Cut(_clock.GetUtcNow()))), cancellationToken);

    /// <inheritdoc />
    public override ValueTask<FireStatus> FireScheduleAsync(FireRequest request, CancellationToken cancellationToken = default) =>
        WriteAsync(session => FireSchedule.RunAsync(session, request), cancellationToken);

    /// <summary>Does what was begun, closes the connections and ends every <see cref="WaitForWorkAsync"/>. The data source stays open.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _opening.WaitAsync().ConfigureAwait(false);
        try
        {
            Volatile.Write(ref _closed, true);
            _signal.Close();
            if (_writer is not null)
            {
                await _writer.DisposeAsync().ConfigureAwait(false);
            }

            await _readers.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _opening.Release();
        }
    }

    private async ValueTask<T> WriteAsync<T>(Func<WriteSession, ValueTask<T>> run, CancellationToken cancellationToken, int jobs = 1)
    {
        var writer = Volatile.Read(ref _writer) ?? await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await writer.WriteAsync(run, jobs, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<T> WriteUrgentAsync<T>(Func<WriteSession, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        var writer = Volatile.Read(ref _writer) ?? await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await writer.WriteUrgentAsync(run, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _writer) is null)
        {
            await OpenAsync(cancellationToken).ConfigureAwait(false);
        }

        ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed), this);
        return await _readers.ReadAsync(read, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<GroupWriter> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_writer is null)
            {
                var session = await OpenWriterAsync(cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _writer, new GroupWriter(session, _signal.Pulse));
            }

            return _writer;
        }
        finally
        {
            _opening.Release();
        }
    }

    private async ValueTask<WriteSession> OpenWriterAsync(CancellationToken cancellationToken)
    {
        WriteSession? session = null;
        try
        {
            var connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            _file = connection.DataSource;
            session = new WriteSession(connection, _clock);
            await SqliteSchema.MigrateAsync(session, SqlTime.Cut(_clock.GetUtcNow())).ConfigureAwait(false);
            return session;
        }
        catch (Exception exception)
        {
            if (session is not null)
            {
                await session.DisposeAsync().ConfigureAwait(false);
            }

            if (exception is DbException or IOException)
            {
                throw new InvalidOperationException($"The job store ({Name}) could not be opened: {exception.Message}", exception);
            }

            throw;
        }
    }
}
