using System.Globalization;
using System.Text.Json;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>A schedule's definition as it is kept: the fields of <see cref="ScheduleDefinition"/>, its job's payload in base64.</summary>
internal sealed record ScheduleText(
    string Name, string Cron, string TimeZone, string Queue, string Type, byte[] Payload, int Priority, int MaxAttempts, long? TimeoutTicks,
    IReadOnlyList<string> Tags, IReadOnlyDictionary<string, string>? Metadata, DateTimeOffset? StartsAt, DateTimeOffset? EndsAt, int? MaximumRuns, ScheduleMisfire Misfire, string? Group = null)
{
    public static byte[] Write(ScheduleDefinition schedule) => JsonSerializer.SerializeToUtf8Bytes(
        new ScheduleText(
            schedule.Name, schedule.Cron, schedule.TimeZone, schedule.Queue, schedule.Type, schedule.Payload.ToArray(), schedule.Priority, schedule.MaxAttempts,
            schedule.Timeout?.Ticks, schedule.Tags, schedule.Metadata.Count == 0 ? null : schedule.Metadata, schedule.StartsAt, schedule.EndsAt, schedule.MaximumRuns, schedule.Misfire, schedule.Group),
        RedisJson.Default.ScheduleText);

    /// <summary>What the ticks depend on.</summary>
    public static string Times(ScheduleDefinition schedule) => string.Create(
        CultureInfo.InvariantCulture,
        $"{schedule.Cron}\n{schedule.TimeZone}\n{schedule.StartsAt?.ToUnixTimeMilliseconds()}\n{schedule.EndsAt?.ToUnixTimeMilliseconds()}\n{schedule.MaximumRuns}");

    /// <summary>Puts a definition and its state (see Scripts/_schedules.lua) together; null when they are not valid.</summary>
    public static ScheduleRecord? Read(byte[]? definition, string? state)
    {
        ScheduleText? text;
        try
        {
            text = JsonSerializer.Deserialize(definition, RedisJson.Default.ScheduleText);
        }
        catch (JsonException)
        {
            return null;
        }

        if (text is not { Name: not null, Queue: not null, Type: not null, Payload: not null } || state?.Split([',', ';'], 5) is not [var next, var last, var paused, var runs, var job]
            || !long.TryParse(next, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var nextAt)
            || !long.TryParse(last, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var lastAt)
            || !long.TryParse(runs, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return null;
        }

        return new ScheduleRecord
        {
            Definition = new ScheduleDefinition
            {
                Name = text.Name,
                Cron = text.Cron,
                TimeZone = text.TimeZone,
                Queue = text.Queue,
                Type = text.Type,
                Payload = text.Payload,
                Priority = text.Priority,
                MaxAttempts = text.MaxAttempts,
                Timeout = text.TimeoutTicks is { } ticks ? TimeSpan.FromTicks(ticks) : null,
                StartsAt = text.StartsAt,
                EndsAt = text.EndsAt,
                MaximumRuns = text.MaximumRuns,
                Misfire = text.Misfire,
                Group = text.Group,
                Tags = text.Tags ?? [],
                Metadata = text.Metadata ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty,
            },
            NextAt = Time(nextAt),
            LastAt = Time(lastAt),
            LastJobId = job.Length == 0 ? null : job,
            Runs = count,
            Paused = paused == "1",
        };
    }

    private static DateTimeOffset? Time(long milliseconds) => milliseconds < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
