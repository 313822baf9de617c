namespace Millrace.Jobs.Stores.Sql.Postgres.Operations;

/// <summary><see cref="JobStore.UpsertScheduleAsync"/>.</summary>
internal static class UpsertSchedule
{
    // One at a time, so that they can be counted.
    private const string TakeTurn = "SELECT pg_advisory_xact_lock(hashtextextended('millrace.schedule', 0)) IS NULL";

    private const string Upsert = """
        INSERT INTO millrace.schedule AS s (name, cron, time_zone, queue, type, payload, priority, max_attempts, timeout_ticks, tags, metadata, starts_at, ends_at, maximum_runs, misfire, job_group, next_at)
        SELECT @name, @cron, @time_zone, @queue, @type, @payload, @priority, @max_attempts, @timeout_ticks, @tags, @metadata::json, @starts_at, @ends_at, @maximum_runs, @misfire, @job_group, @next_at
        WHERE EXISTS (SELECT 1 FROM millrace.schedule WHERE name = @name) OR (SELECT count(*) FROM millrace.schedule) < @maximum
        ON CONFLICT (name) DO UPDATE
        SET cron = excluded.cron, time_zone = excluded.time_zone, queue = excluded.queue, type = excluded.type, payload = excluded.payload,
            priority = excluded.priority, max_attempts = excluded.max_attempts, timeout_ticks = excluded.timeout_ticks, tags = excluded.tags,
            metadata = excluded.metadata,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at, maximum_runs = excluded.maximum_runs, misfire = excluded.misfire, job_group = excluded.job_group,
            next_at = CASE WHEN (s.cron, s.time_zone, s.starts_at, s.ends_at, s.maximum_runs)
              IS NOT DISTINCT FROM (excluded.cron, excluded.time_zone, excluded.starts_at, excluded.ends_at, excluded.maximum_runs) THEN s.next_at ELSE excluded.next_at END
        RETURNING true
        """;

    public static async ValueTask<bool> RunAsync(PostgresSession session, ScheduleDefinition schedule, DateTimeOffset? nextAt, CancellationToken cancellationToken)
    {
        var stored = false;
        var batch = session.Batch();
        batch.Add(TakeTurn, static _ => { });
        batch.Add(Upsert, _ => stored = true)
            .Set("@name", schedule.Name)
            .Set("@cron", schedule.Cron)
            .Set("@time_zone", schedule.TimeZone)
            .Set("@queue", schedule.Queue)
            .Set("@type", schedule.Type)
            .Set("@payload", SqlValue.Bytes(schedule.Payload))
            .Set("@priority", schedule.Priority)
            .Set("@max_attempts", schedule.MaxAttempts)
            .Set("@timeout_ticks", schedule.Timeout?.Ticks)
            .Set("@tags", schedule.Tags.ToArray())
            .Set("@metadata", SqlValue.Json(schedule.Metadata))
            .Set("@starts_at", SqlValue.Milliseconds(schedule.StartsAt))
            .Set("@ends_at", SqlValue.Milliseconds(schedule.EndsAt))
            .Set("@maximum_runs", (long?)schedule.MaximumRuns)
            .Set("@misfire", (long)schedule.Misfire)
            .Set("@job_group", schedule.Group)
            .Set("@next_at", SqlValue.Milliseconds(nextAt))
            .Set("@maximum", JobLimits.MaximumSchedules);
        await batch.RunAsync(cancellationToken).ConfigureAwait(false);
        return stored
            ? true
            : throw new InvalidOperationException(
                $"The store holds its limit of {JobLimits.MaximumSchedules} schedules; '{schedule.Name}' was not added. Remove some first.");
    }
}
