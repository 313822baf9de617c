namespace Millrace.Jobs.Scheduling;

/// <summary>Computes ticks, and jobs from schedules.</summary>
internal static class ScheduleTimes
{
    /// <summary>The first tick after the given instant, in whole milliseconds; null when none follows.</summary>
    /// <exception cref="FormatException">The times cannot be read.</exception>
    /// <exception cref="TimeZoneNotFoundException">This machine does not know the time zone.</exception>
    public static DateTimeOffset? Next(ScheduleDefinition schedule, DateTimeOffset after)
    {
        var from = schedule.StartsAt is { } start && start > after ? start.AddMilliseconds(-1) : after;
        var next = Ticks.Parse(schedule.Cron).After(from, TimeZoneInfo.FindSystemTimeZoneById(schedule.TimeZone), schedule.StartsAt ?? DateTimeOffset.UnixEpoch);
        return next <= schedule.EndsAt || schedule.EndsAt is null ? next : null;
    }

    /// <summary>The tick that follows the one that is due, as the schedule treats missed ones; and whether the due one is passed over.</summary>
    /// <param name="schedule">A schedule that is due.</param>
    /// <param name="now">The store's clock.</param>
    /// <param name="late">By how much a tick may be late without counting as missed.</param>
    public static (DateTimeOffset? Next, bool PassOver) Follow(ScheduleRecord schedule, DateTimeOffset now, TimeSpan late)
    {
        var (definition, tick) = (schedule.Definition, schedule.NextAt!.Value);
        if (schedule.Runs >= definition.MaximumRuns)
        {
            return (null, true);
        }

        var passOver = definition.Misfire == ScheduleMisfire.Skip && now - tick > late;
        var next = Next(definition, definition.Misfire == ScheduleMisfire.RunAll ? tick : now);
        return (!passOver && schedule.Runs + 1 >= definition.MaximumRuns ? null : next, passOver);
    }

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
        Group = schedule.Group,
        Tags = schedule.Tags,
        Metadata = schedule.Metadata,
        Schedule = schedule.Name,
    };
}
