namespace Millrace.AspNetCore.Management;

/// <summary>A schedule as the dashboard shows it.</summary>
internal sealed record ScheduleView(
    string Name, string Cron, string TimeZone, string Queue, string Type, DateTimeOffset? NextAt, DateTimeOffset? LastAt, string? LastJobId, bool Paused, long Runs,
    DateTimeOffset? StartsAt, DateTimeOffset? EndsAt, int? MaximumRuns, string Misfire, string? Group);
