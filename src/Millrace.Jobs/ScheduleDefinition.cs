using System.Collections.ObjectModel;

namespace Millrace.Jobs;

/// <summary>What to enqueue, and when, again and again.</summary>
public sealed record ScheduleDefinition
{
    /// <summary>Identifies the schedule.</summary>
    public required string Name { get; init; }

    /// <summary>When: a cron expression of five or six fields, or <c>@every</c> and an interval, as <c>@every 00:05:00</c>.</summary>
    public required string Cron { get; init; }

    /// <summary>The time zone in which <see cref="Cron"/> is read: an id that <see cref="TimeZoneInfo.FindSystemTimeZoneById(string)"/> knows.</summary>
    public required string TimeZone { get; init; }

    /// <summary>No tick is before this instant, and intervals are counted from it; null for no bound, intervals then count from 1970.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>No tick is after this instant; null for no bound.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Ends after so many jobs; null for no bound.</summary>
    public int? MaximumRuns { get; init; }

    /// <summary>What becomes of missed ticks.</summary>
    public ScheduleMisfire Misfire { get; init; }

    /// <summary>Whether the ticks are the same as another definition's, so that the next one stays.</summary>
    internal bool HasTimesOf(ScheduleDefinition other) =>
        (Cron, TimeZone, StartsAt, EndsAt, MaximumRuns) == (other.Cron, other.TimeZone, other.StartsAt, other.EndsAt, other.MaximumRuns);

    /// <summary>The queue of its jobs.</summary>
    public required string Queue { get; init; }

    /// <summary>The registered name of its jobs.</summary>
    public required string Type { get; init; }

    /// <summary>The job as UTF-8 JSON.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Priority of its jobs.</summary>
    public int Priority { get; init; }

    /// <summary>Attempts of its jobs.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>Timeout of its jobs' attempts; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The group of its jobs; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>Tags of its jobs.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Its jobs' metadata: small texts by name that travel with the job, such as the trace it belongs to. Bounded by <see cref="JobLimits"/>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
