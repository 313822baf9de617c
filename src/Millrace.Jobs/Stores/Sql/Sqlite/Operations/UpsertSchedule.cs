namespace Millrace.Jobs.Stores.Sql.Sqlite.Operations;

/// <summary><see cref="JobStore.UpsertScheduleAsync"/>.</summary>
internal static class UpsertSchedule
{
    private const string Count = "SELECT COUNT(*) FROM millrace_schedule";

    private const string Insert = """
        INSERT INTO millrace_schedule (name, cron, time_zone, queue, type, payload, priority, max_attempts, timeout_ticks, tags, metadata, next_at, paused)
        VALUES (@name, @cron, @time_zone, @queue, @type, @payload, @priority, @max_attempts, @timeout_ticks, @tags, @metadata, @next_at, 0)
        """;

    private const string Update = """
        UPDATE millrace_schedule
        SET cron = @cron, time_zone = @time_zone, queue = @queue, type = @type, payload = @payload, priority = @priority,
            max_attempts = @max_attempts, timeout_ticks = @timeout_ticks, tags = @tags, metadata = @metadata, next_at = @next_at
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

        var sameTimes = known is not null && known.Definition.Cron == schedule.Cron && known.Definition.TimeZone == schedule.TimeZone;
        return await session.Statement(known is null ? Insert : Update)
            .Set("@name", schedule.Name)
            .Set("@cron", schedule.Cron)
            .Set("@time_zone", schedule.TimeZone)
            .Set("@queue", schedule.Queue)
            .Set("@type", schedule.Type)
            .Set("@payload", SqlValue.Bytes(schedule.Payload))
            .Set("@priority", (long)schedule.Priority)
            .Set("@max_attempts", (long)schedule.MaxAttempts)
            .Set("@timeout_ticks", schedule.Timeout?.Ticks)
            .Set("@tags", SqlValue.Json(schedule.Tags))
            .Set("@metadata", SqlValue.Json(schedule.Metadata))
            .Set("@next_at", SqlValue.Milliseconds(sameTimes ? known!.NextAt : nextAt))
            .RunAsync().ConfigureAwait(false);
    }
}
