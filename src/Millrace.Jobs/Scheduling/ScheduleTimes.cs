namespace Millrace.Jobs.Scheduling;

/// <summary>Computes ticks, and jobs from schedules.</summary>
internal static class ScheduleTimes
{
    /// <summary>The first tick after the given instant, in whole milliseconds; null when none follows.</summary>
    /// <exception cref="FormatException">The cron expression cannot be read.</exception>
    /// <exception cref="TimeZoneNotFoundException">This machine does not know the time zone.</exception>
    public static DateTimeOffset? Next(ScheduleDefinition schedule, DateTimeOffset after) =>
        CronExpression.Parse(schedule.Cron).GetNextOccurrence(after, TimeZoneInfo.FindSystemTimeZoneById(schedule.TimeZone))?.ToUniversalTime();

    /// <summary>The store's clock, which ticks follow: this process's may be wrong.</summary>
    public static async ValueTask<DateTimeOffset> NowAsync(JobStore store, CancellationToken cancellationToken) =>
        (await store.GetDueSchedulesAsync(1, cancellationToken).ConfigureAwait(false)).Now;

    public static NewJob CreateJob(ScheduleDefinition schedule, string id) => new()
    {
        Id = id,
        Queue = schedule.Queue,
        Type = schedule.Type,
        Payload = schedule.Payload,
        Priority = schedule.Priority,
        MaxAttempts = schedule.MaxAttempts,
        Timeout = schedule.Timeout,
        Tags = schedule.Tags,
        Metadata = schedule.Metadata,
        Schedule = schedule.Name,
    };
}
