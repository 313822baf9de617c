namespace Millrace.Jobs.Stores;

/// <summary>The times that a list may be confined to, <see cref="JobQuery.From"/> and <see cref="JobQuery.Until"/>. Where a state's jobs are listed in the order of those times, a list begins at the
/// first and ends behind the last.</summary>
internal static class ListRange
{
    /// <summary>The time by which a list finds a job.</summary>
    public static DateTimeOffset TimeOf(JobRecord job) => job.State switch
    {
        JobState.Running => job.StartedAt ?? job.DueAt,
        JobState.Waiting or JobState.Scheduled => job.DueAt,
        JobState.Blocked => job.CreatedAt,
        _ => job.FinishedAt ?? job.DueAt,
    };

    /// <summary>Whether the range holds a job.</summary>
    public static bool Holds(JobQuery query, JobRecord job) =>
        (query.From is null && query.Until is null) || (TimeOf(job) is var time && time >= (query.From ?? time) && (query.Until is null || time < query.Until));

    /// <summary>Whether all jobs of a job's state that come behind it are behind the range too, as it is.</summary>
    public static bool IsPast(JobQuery query, JobRecord job) => job.State switch
    {
        JobState.Waiting => false,
        JobState.Running or JobState.Scheduled or JobState.Blocked => TimeOf(job) >= query.Until,
        _ => TimeOf(job) < query.From,
    };

    /// <summary>The first millisecond of the range.</summary>
    public static long From(JobQuery query) => query.From is { } from ? Ceiling(from) : long.MinValue;

    /// <summary>The millisecond behind the range.</summary>
    public static long Until(JobQuery query) => query.Until is { } until ? Ceiling(until) : long.MaxValue;

    private static long Ceiling(DateTimeOffset time) => time.ToUnixTimeMilliseconds() + (time.Ticks % TimeSpan.TicksPerMillisecond == 0 ? 0 : 1);
}
