namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.UpsertScheduleAsync"/>.</summary>
internal static class UpsertSchedule
{
    private const string Count = "SELECT COUNT(*) FROM millrace_schedule";

    private const string Insert = """
        INSERT INTO millrace_schedule (name, cron, time_zone, queue, type, payload, priority, max_attempts, timeout_ticks, tags, metadata, starts_at, ends_at, maximum_runs, misfire, next_at, job_group, paused)
        VALUES (@name, @cron, @time_zone, @queue, @type, @payload, @priority, @max_attempts, @timeout_ticks, @tags, @metadata, @starts_at, @ends_at, @maximum_runs, @misfire, @next_at, @job_group, 0)
        """;

    private const string Update = """
        UPDATE millrace_schedule
        SET cron = @cron, time_zone = @time_zone, queue = @queue, type = @type, payload = @payload, priority = @priority,
            max_attempts = @max_attempts, timeout_ticks = @timeout_ticks, tags = @tags, metadata = @metadata,
            starts_at = @starts_at, ends_at = @ends_at, maximum_runs = @maximum_runs, misfire = @misfire, next_at = @next_at, job_group = @job_group
        WHERE name = @name
        """;

    public static async ValueTask<int> RunAsync(WriteSession session, ScheduleDefinition schedule, DateTimeOffset? nextAt)
    {
        var known = await ScheduleTable.FindAsync(session, schedule.Name).ConfigureAwait(false);
        if (known is null && await session.Statement(Count).ScalarAsync().ConfigureAwait(false) is >= (long)JobLimits.MaximumSchedules)
        {
            throw new InvalidOperationException(
                $"The store holds its limit of {JobLimits.MaximumSchedules} schedules; '{schedule.Name}' was not added. Remove some first.");
        }

        return await session.Statement(known is null ? Insert : Update)
            .Set("@name", schedule.Name)
            .Set("@cron", schedule.Cron)
            .Set("@time_zone", schedule.TimeZone)
            .Set("@starts_at", SqlValue.Milliseconds(schedule.StartsAt))
            .Set("@ends_at", SqlValue.Milliseconds(schedule.EndsAt))
            .Set("@maximum_runs", (long?)schedule.MaximumRuns)
            .Set("@misfire", (long)schedule.Misfire)
            .Set("@queue", schedule.Queue)
            .Set("@type", schedule.Type)
            .Set("@payload", SqlValue.Bytes(schedule.Payload))
            .Set("@priority", (long)schedule.Priority)
            .Set("@max_attempts", (long)schedule.MaxAttempts)
            .Set("@timeout_ticks", schedule.Timeout?.Ticks)
            .Set("@job_group", schedule.Group)
            .Set("@tags", SqlValue.Json(schedule.Tags))
            .Set("@metadata", SqlValue.Json(schedule.Metadata))
            .Set("@next_at", SqlValue.Milliseconds(known is not null && known.Definition.HasTimesOf(schedule) ? known.NextAt : nextAt))
            .RunAsync().ConfigureAwait(false);
    }
}
