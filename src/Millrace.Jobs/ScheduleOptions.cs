namespace Millrace.Jobs;

/// <summary>How a schedule differs from one that runs for ever in UTC.</summary>
/// <remarks>Used within one call to <see cref="JobsBuilder"/> or <see cref="JobClient"/>; not thread-safe.</remarks>
public sealed class ScheduleOptions
{
    /// <summary>Where a cron expression is read. Default UTC.</summary>
    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>The first tick is not before this instant, and an interval is counted from it; null for no bound. Default null.</summary>
    public DateTimeOffset? StartsAt { get; set; }

    /// <summary>The last tick is not after this instant; null for no bound. Default null.</summary>
    public DateTimeOffset? EndsAt { get; set; }

    /// <summary>Ends after so many jobs, 1 or more; null for no bound. Jobs that <see cref="JobClient.TriggerScheduleAsync"/> enqueues do not count. Default null.</summary>
    public int? MaximumRuns { get; set; }

    /// <summary>What becomes of ticks that were missed. Default <see cref="ScheduleMisfire.RunOnce"/>.</summary>
    public ScheduleMisfire Misfire { get; set; }

    /// <summary>How its jobs differ from the defaults of their type; id, delay, instant and other jobs to wait for have no place here. Null for not at all.</summary>
    public Action<EnqueueOptions>? Job { get; set; }
}
