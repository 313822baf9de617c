namespace Millrace.Jobs.Stores.Sql.Sqlite;

/// <summary>The jobs' rows: one way in, one way to change, one way out, so that counts, tags and payloads stay in step.</summary>
internal static class JobTable
{
    /// <summary>Begins a query for <see cref="JobRow.ReadBare"/>.</summary>
    public const string SelectBare = $"SELECT {JobRow.Columns} FROM millrace_job j";

    /// <summary>Begins a query for <see cref="JobRow.Read"/>.</summary>
    public const string SelectFull = $"SELECT {JobRow.Columns}, p.payload FROM millrace_job j LEFT JOIN millrace_payload p ON p.job = j.sequence";

    private const string Find = SelectBare + " WHERE j.id = @id";

    private const string Insert = """
        INSERT INTO millrace_job (id, queue, type, state, priority, attempt, max_attempts, timeout_ticks, tags, metadata, schedule, unique_key, unique_until, job_group,
          created_at, due_at, token, cancel_requested, progress)
        VALUES (@id, @queue, @type, @state, @priority, 0, @max_attempts, @timeout_ticks, @tags, @metadata, @schedule, @unique_key, @unique_until, @job_group, @created_at, @due_at, 0, 0, 0)
        ON CONFLICT (id) DO NOTHING
        RETURNING sequence
        """;

    private const string InsertPayload = "INSERT INTO millrace_payload (job, payload) VALUES (@job, @payload)";

    private const string InsertTag = "INSERT INTO millrace_job_tag (tag, job) VALUES (@tag, @job)";

    private const string Update = """
        UPDATE millrace_job
        SET state = @state, priority = @priority, attempt = @attempt, due_at = @due_at, started_at = @started_at, finished_at = @finished_at,
            worker = @worker, token = @token, cancel_requested = @cancel_requested, error = @error, result = @result,
            progress = @progress, progress_message = @progress_message
        WHERE sequence = @sequence
        """;

    private const string Delete = "DELETE FROM millrace_job WHERE sequence = @sequence";

    private const string FindSequence = SelectBare + " WHERE j.sequence = @sequence";

    private const string ReplacePayload = "UPDATE millrace_payload SET payload = @payload WHERE job = @job";

    private const string ReplaceMetadata = "UPDATE millrace_job SET metadata = @metadata WHERE sequence = @sequence";

    private const string Until = "SELECT unique_until FROM millrace_job WHERE sequence = @sequence";

    private const string DeleteUnique = """
        DELETE FROM millrace_unique
        WHERE until < 2 AND job = (SELECT id FROM millrace_job WHERE sequence = @sequence)
          AND queue = (SELECT queue FROM millrace_job WHERE sequence = @sequence) AND key = (SELECT unique_key FROM millrace_job WHERE sequence = @sequence)
        """;

    private const string DeletePayload = "DELETE FROM millrace_payload WHERE job = @job";

    private const string DeleteLog = "DELETE FROM millrace_log WHERE job = @job";

    private const string DeleteTags = "DELETE FROM millrace_job_tag WHERE job = @job";

    /// <summary>The job of an id, without its payload; null when there is none.</summary>
    public static ValueTask<SqlJob?> FindAsync(SqlSession session, string id) => session.Statement(Find).Set("@id", id).FirstAsync(JobRow.ReadBare);

    /// <summary>The job of a sequence, without its payload; null when there is none.</summary>
    public static ValueTask<SqlJob?> FindAsync(SqlSession session, long sequence) => session.Statement(FindSequence).Set("@sequence", sequence).FirstAsync(JobRow.ReadBare);

    /// <summary>Stores a new job; false when its id is taken.</summary>
    public static async ValueTask<bool> AddAsync(WriteSession session, NewJob job)
    {
        var blocked = job.After.Count > 0;
        var due = blocked ? session.Now : Due(session, job);
        var state = blocked ? JobState.Blocked : due > session.Now ? JobState.Scheduled : JobState.Waiting;
        var sequence = await session.Statement(Insert)
            .Set("@id", job.Id)
            .Set("@queue", job.Queue)
            .Set("@type", job.Type)
            .Set("@state", (long)state)
            .Set("@priority", (long)job.Priority)
            .Set("@max_attempts", (long)job.MaxAttempts)
            .Set("@timeout_ticks", job.Timeout?.Ticks)
            .Set("@tags", SqlValue.Json(job.Tags))
            .Set("@metadata", SqlValue.Json(job.Metadata))
            .Set("@schedule", job.Schedule)
            .Set("@unique_key", job.Unique?.Key)
            .Set("@unique_until", (long?)job.Unique?.Until)
            .Set("@job_group", job.Group)
            .Set("@created_at", session.Now)
            .Set("@due_at", due)
            .ScalarAsync().ConfigureAwait(false);
        if (sequence is null)
        {
            return false;
        }

        await session.Statement(InsertPayload).Set("@job", sequence).Set("@payload", SqlValue.Bytes(job.Payload)).RunAsync().ConfigureAwait(false);
        foreach (var tag in job.Tags)
        {
            await session.Statement(InsertTag).Set("@tag", tag).Set("@job", sequence).RunAsync().ConfigureAwait(false);
        }

        if (job.Unique is { } unique)
        {
            await UniqueTable.HoldAsync(session, job.Queue, job.Id, unique.Key, unique.Until, unique.Period).ConfigureAwait(false);
        }

        if (blocked)
        {
            await LinkTable.AddAsync(session, (long)sequence, job).ConfigureAwait(false);
        }

        if (job.Group is not null && state == JobState.Waiting)
        {
            await GroupTable.EnterAsync(session, job.Queue, job.Group).ConfigureAwait(false);
        }

        session.Count(job.Queue, state, attempt: 0, 1);
        session.Wake(job.Queue);
        return true;
    }

    /// <summary>The holder of a unique key takes over what a job brings that it keeps out; not once it was claimed.</summary>
    public static async ValueTask ReplaceAsync(WriteSession session, string holder, NewJob job)
    {
        if (await FindAsync(session, holder).ConfigureAwait(false) is not { Record: { State: JobState.Scheduled or JobState.Waiting, StartedAt: null } } held)
        {
            return;
        }

        var due = Due(session, job);
        var state = due > session.Now ? JobState.Scheduled : JobState.Waiting;
        await session.Statement(ReplacePayload).Set("@job", held.Sequence).Set("@payload", SqlValue.Bytes(job.Payload)).RunAsync().ConfigureAwait(false);
        await session.Statement(ReplaceMetadata).Set("@sequence", held.Sequence).Set("@metadata", SqlValue.Json(job.Metadata)).RunAsync().ConfigureAwait(false);
        await ChangeAsync(session, held, held.Record with { State = state, DueAt = SqlTime.Time(due) }, held.Token).ConfigureAwait(false);
        session.Wake(job.Queue);
    }

    /// <summary>Takes a dead job's unique key again; false when another job holds it. One that was held for a time does not matter any more.</summary>
    public static async ValueTask<bool> TryHoldAgainAsync(WriteSession session, SqlJob job)
    {
        if (job.Record.UniqueKey is not { } key
            || await session.Statement(Until).Set("@sequence", job.Sequence).ScalarAsync().ConfigureAwait(false) is not long until || until == (long)UniqueUntil.Elapsed)
        {
            return true;
        }

        if (await UniqueTable.FindAsync(session, job.Record.Queue, key).ConfigureAwait(false) is not null)
        {
            return false;
        }

        await UniqueTable.HoldAsync(session, job.Record.Queue, job.Record.Id, key, (UniqueUntil)until, default).ConfigureAwait(false);
        return true;
    }

    private static long Due(WriteSession session, NewJob job)
    {
        var asked = job.At is { } at ? SqlTime.RoundUp(at) : session.Now + SqlTime.RoundUp(job.Delay ?? TimeSpan.Zero);
        return Math.Max(asked, session.Now);
    }

    /// <summary>Writes what became of a job.</summary>
    public static async ValueTask<SqlJob> ChangeAsync(WriteSession session, SqlJob job, JobRecord next, long token)
    {
        await session.Statement(Update)
            .Set("@sequence", job.Sequence)
            .Set("@state", (long)next.State)
            .Set("@priority", (long)next.Priority)
            .Set("@attempt", (long)next.Attempt)
            .Set("@due_at", SqlTime.Cut(next.DueAt))
            .Set("@started_at", SqlValue.Milliseconds(next.StartedAt))
            .Set("@finished_at", SqlValue.Milliseconds(next.FinishedAt))
            .Set("@worker", next.WorkerId)
            .Set("@token", token)
            .Set("@cancel_requested", next.CancelRequested ? 1L : 0L)
            .Set("@error", next.Error)
            .Set("@result", next.Result is { } result ? SqlValue.Bytes(result) : null)
            .Set("@progress", (long)next.ProgressPercent)
            .Set("@progress_message", next.ProgressMessage)
            .RunAsync().ConfigureAwait(false);
        if (next.Group is { } group)
        {
            await GroupTable.LeaveAsync(session, next.Queue, group, job.Record.State).ConfigureAwait(false);
            if (next.State == JobState.Waiting)
            {
                await GroupTable.EnterAsync(session, next.Queue, group).ConfigureAwait(false);
                }
        }

        session.Count(job.Record.Queue, job.Record.State, job.Record.Attempt, -1);
        session.Count(next.Queue, next.State, next.Attempt, 1);
        return new SqlJob(job.Sequence, token, next);
    }

    /// <summary>Gives back the unique key that a job holds until it starts or has ended, also of a row that is not valid.</summary>
    public static async ValueTask ReleaseUniqueAsync(WriteSession session, long sequence) =>
        await session.Statement(DeleteUnique).Set("@sequence", sequence).RunAsync().ConfigureAwait(false);

    /// <summary>Removes a job with all that belongs to it. Takes what it needs only, so that a row that is not valid can be removed too.</summary>
    public static async ValueTask RemoveAsync(WriteSession session, long sequence, string queue, JobState state, int attempt)
    {
        if (await session.HasLinksAsync().ConfigureAwait(false))
        {
            await LinkTable.RemoveAsync(session, sequence, queue).ConfigureAwait(false);
        }

        if (await session.HasLogsAsync().ConfigureAwait(false))
        {
            await session.Statement(DeleteLog).Set("@job", sequence).RunAsync().ConfigureAwait(false);
        }

        var group = await session.HasGroupsAsync().ConfigureAwait(false) ? await GroupTable.FindAsync(session, sequence).ConfigureAwait(false) : null;
        await ReleaseUniqueAsync(session, sequence).ConfigureAwait(false);
        await session.Statement(Delete).Set("@sequence", sequence).RunAsync().ConfigureAwait(false);
        await session.Statement(DeletePayload).Set("@job", sequence).RunAsync().ConfigureAwait(false);
        await session.Statement(DeleteTags).Set("@job", sequence).RunAsync().ConfigureAwait(false);
        if (group is not null)
        {
            await GroupTable.LeaveAsync(session, queue, group, state).ConfigureAwait(false);
        }

        session.Count(queue, state, attempt, -1);
    }
}
