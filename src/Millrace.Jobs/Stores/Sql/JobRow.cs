namespace Millrace.Jobs.Stores.Sql;

/// <summary>A job as the databases' queries give it.</summary>
internal static class JobRow
{
    /// <summary>What <see cref="ReadBare"/> reads, of a table called <c>j</c>; <see cref="Read"/> reads the payload after them.</summary>
    public const string Columns = """
        j.id, j.sequence, j.token, j.queue, j.type, j.state, j.priority, j.attempt, j.max_attempts, j.timeout_ticks, j.tags, j.schedule,
        j.created_at, j.due_at, j.started_at, j.finished_at, j.worker, j.cancel_requested, j.error, j.result, j.progress, j.progress_message, j.metadata,
        j.unique_key, j.job_group
        """;

    /// <summary>Reads a job with its payload. One without is not valid: the query keeps it in sight, so that it is found.</summary>
    public static SqlJob Read(SqlRow row) => Build(row, row.Bytes(25));

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
        UniqueKey = row.TextOrNull(23, JobLimits.MaximumUniqueKeyLength),
        Group = row.TextOrNull(24, JobLimits.MaximumNameLength),
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
}
