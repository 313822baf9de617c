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
        INSERT INTO millrace_job (id, queue, type, state, priority, attempt, max_attempts, timeout_ticks, tags, metadata, schedule, created_at, due_at,
          token, cancel_requested, progress)
        VALUES (@id, @queue, @type, @state, @priority, 0, @max_attempts, @timeout_ticks, @tags, @metadata, @schedule, @created_at, @due_at, 0, 0, 0)
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

    private const string DeletePayload = "DELETE FROM millrace_payload WHERE job = @job";

    private const string DeleteTags = "DELETE FROM millrace_job_tag WHERE job = @job";

    /// <summary>The job of an id, without its payload; null when there is none.</summary>
    public static ValueTask<SqlJob?> FindAsync(SqlSession session, string id) => session.Statement(Find).Set("@id", id).FirstAsync(JobRow.ReadBare);

    /// <summary>Stores a new job; false when its id is taken.</summary>
    public static async ValueTask<bool> AddAsync(WriteSession session, NewJob job)
    {
        var asked = job.At is { } at ? SqlTime.RoundUp(at) : session.Now + SqlTime.RoundUp(job.Delay ?? TimeSpan.Zero);
        var due = Math.Max(asked, session.Now);
        var state = due > session.Now ? JobState.Scheduled : JobState.Waiting;
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

        session.Count(job.Queue, state, attempt: 0, 1);
        session.Wake(job.Queue);
        return true;
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
        session.Count(job.Record.Queue, job.Record.State, job.Record.Attempt, -1);
        session.Count(next.Queue, next.State, next.Attempt, 1);
        return new SqlJob(job.Sequence, token, next);
    }

    /// <summary>Removes a job with all that belongs to it. Takes what it needs only, so that a row that is not valid can be removed too.</summary>
    public static async ValueTask RemoveAsync(WriteSession session, long sequence, string queue, JobState state, int attempt)
    {
        await session.Statement(Delete).Set("@sequence", sequence).RunAsync().ConfigureAwait(false);
        await session.Statement(DeletePayload).Set("@job", sequence).RunAsync().ConfigureAwait(false);
        await session.Statement(DeleteTags).Set("@job", sequence).RunAsync().ConfigureAwait(false);
        session.Count(queue, state, attempt, -1);
    }
}
