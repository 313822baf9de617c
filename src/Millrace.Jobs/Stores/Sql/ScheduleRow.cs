namespace Millrace.Jobs.Stores.Sql;

/// <summary>A schedule as the databases' queries give it.</summary>
internal static class ScheduleRow
{
    /// <summary>What <see cref="Read"/> reads.</summary>
    public const string Columns = """
        name, cron, time_zone, queue, type, payload, priority, max_attempts, timeout_ticks, tags, next_at, last_at, last_job, paused, metadata, starts_at, ends_at, maximum_runs, misfire, runs, job_group
        """;

    /// <summary>Longest cron expression or time zone id that is read.</summary>
    private const int MaximumTextLength = 1_000;

    public static ScheduleRecord Read(SqlRow row) => new()
    {
        Definition = new ScheduleDefinition
        {
            Name = row.Text(0, JobLimits.MaximumNameLength),
            Cron = row.Text(1, MaximumTextLength),
            TimeZone = row.Text(2, MaximumTextLength),
            StartsAt = row.TimeOrNull(15),
            EndsAt = row.TimeOrNull(16),
            MaximumRuns = row.IsNull(17) ? null : row.Integer(17, 1, int.MaxValue),
            Misfire = (ScheduleMisfire)row.Number(18, 0, 2),
            Queue = row.Text(3, JobLimits.MaximumNameLength),
            Type = row.Text(4, JobLimits.MaximumNameLength),
            Payload = row.Bytes(5),
            Priority = row.Integer(6, JobLimits.MinimumPriority, JobLimits.MaximumPriority),
            MaxAttempts = row.Integer(7, 1, JobLimits.MaximumAttempts),
            Timeout = row.DurationOrNull(8),
            Group = row.TextOrNull(20, JobLimits.MaximumNameLength),
            Tags = row.Names(9, JobLimits.MaximumTags),
            Metadata = row.Metadata(14),
        },
        NextAt = row.TimeOrNull(10),
        LastAt = row.TimeOrNull(11),
        LastJobId = row.TextOrNull(12, JobLimits.MaximumIdLength),
        Runs = row.Number(19, 0),
        Paused = row.Flag(13),
    };
}
