using System.Runtime.InteropServices;
using System.Text.Json;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>The jobs' rows: one way in, one way to change, one way out, so that counts, tags and payloads stay in step.</summary>
internal static class JobTable
{
    private const string Columns = """
        j.id, j.sequence, j.token, j.queue, j.type, j.state, j.priority, j.attempt, j.max_attempts, j.timeout_ticks, j.tags, j.schedule,
        j.created_at, j.due_at, j.started_at, j.finished_at, j.worker, j.cancel_requested, j.error, j.result, j.progress, j.progress_message, j.metadata
        """;

    /// <summary>Begins a query for <see cref="ReadBare"/>.</summary>
    public const string SelectBare = $"SELECT {Columns} FROM millrace_job j";

    /// <summary>Begins a query for <see cref="Read"/>.</summary>
    public const string SelectFull = $"SELECT {Columns}, p.payload FROM millrace_job j LEFT JOIN millrace_payload p ON p.job = j.sequence";

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

    /// <summary>Reads a job with its payload. One without is not valid: the query keeps it in sight, so that it is found.</summary>
    public static SqlJob Read(SqlRow row) => Build(row, row.Bytes(23));

    /// <summary>Reads a job; its payload stays empty.</summary>
    public static SqlJob ReadBare(SqlRow row) => Build(row, ReadOnlyMemory<byte>.Empty);

    private static SqlJob Build(SqlRow row, ReadOnlyMemory<byte> payload) => new(row.Number(1), row.Number(2, 0), new JobRecord
    {
        Id = row.Text(0, JobLimits.MaximumIdLength),
        Queue = row.Text(3, JobLimits.MaximumNameLength),
        Type = row.Text(4, JobLimits.MaximumNameLength),
        State = row.State(5),
        Priority = row.Integer(6, JobLimits.MinimumPriority, JobLimits.MaximumPriority),
        Attempt = row.Integer(7, 0, int.MaxValue),
        MaxAttempts = row.Integer(8, 1, JobLimits.MaximumAttempts),
        Timeout = row.DurationOrNull(9),
        Tags = row.Names(10, JobLimits.MaximumTags),
        Metadata = row.Metadata(22),
        Schedule = row.TextOrNull(11, JobLimits.MaximumNameLength),
        CreatedAt = row.Time(12),
        DueAt = row.Time(13),
        StartedAt = row.TimeOrNull(14),
        FinishedAt = row.TimeOrNull(15),
        WorkerId = row.TextOrNull(16, JobLimits.MaximumNameLength),
        CancelRequested = row.Flag(17),
        Error = row.TextOrNull(18, JobLimits.MaximumErrorLength),
        Result = row.BytesOrNull(19),
        ProgressPercent = row.Integer(20, 0, 100),
        ProgressMessage = row.TextOrNull(21, JobLimits.MaximumProgressMessageLength),
        Payload = payload,
    });

    /// <summary>The job of an id, without its payload; null when there is none.</summary>
    public static ValueTask<SqlJob?> FindAsync(SqlSession session, string id) => session.Statement(Find).Set("@id", id).FirstAsync(ReadBare);

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
            .Set("@tags", Json(job.Tags))
            .Set("@metadata", Json(job.Metadata))
            .Set("@schedule", job.Schedule)
            .Set("@created_at", session.Now)
            .Set("@due_at", due)
            .ScalarAsync().ConfigureAwait(false);
        if (sequence is null)
        {
            return false;
        }

        await session.Statement(InsertPayload).Set("@job", sequence).Set("@payload", Bytes(job.Payload)).RunAsync().ConfigureAwait(false);
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
            .Set("@started_at", Milliseconds(next.StartedAt))
            .Set("@finished_at", Milliseconds(next.FinishedAt))
            .Set("@worker", next.WorkerId)
            .Set("@token", token)
            .Set("@cancel_requested", next.CancelRequested ? 1L : 0L)
            .Set("@error", next.Error)
            .Set("@result", next.Result is { } result ? Bytes(result) : null)
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

    /// <summary>Names as a JSON array.</summary>
    public static string Json(IReadOnlyList<string> names) => names.Count == 0 ? "[]" : JsonSerializer.Serialize([.. names], SqlJson.Default.StringArray);

    /// <summary>Metadata as a JSON object; null when there is none.</summary>
    public static string? Json(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Count == 0 ? null : JsonSerializer.Serialize(new Dictionary<string, string>(metadata), SqlJson.Default.DictionaryStringString);

    /// <summary>Bytes as the driver takes them; copied only when they are a part of something larger.</summary>
    public static byte[] Bytes(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var part) && part.Array is { } array && part.Offset == 0 && part.Count == array.Length
            ? array
            : bytes.ToArray();

    public static long? Milliseconds(DateTimeOffset? time) => time is { } value ? SqlTime.Cut(value) : null;
}
