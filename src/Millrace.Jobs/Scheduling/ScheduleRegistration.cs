namespace Millrace.Jobs.Scheduling;

/// <summary>A schedule as the application declares it; checked.</summary>
internal sealed class ScheduleRegistration
{
    private readonly string _name;
    private readonly string _times;
    private readonly object _job;
    private readonly EnqueueOptions _wish = new();
    private readonly ScheduleOptions _options;

    /// <exception cref="ArgumentException">An option is out of range, or has no place here.</exception>
    /// <exception cref="FormatException">The times cannot be read.</exception>
    public ScheduleRegistration(string name, string times, object job, ScheduleOptions options)
    {
        ArgumentNullException.ThrowIfNull(job);
        Ticks.Parse(times);
        options.Job?.Invoke(_wish);
        if (_wish.IdValue is not null || _wish.DelayValue is not null || _wish.AtValue is not null || _wish.AfterValue.Count > 0 || _wish.UniqueValue is not null)
        {
            throw new ArgumentException($"The jobs of schedule '{name}' get their ids and times from it, and it fires each tick once; leave out Id, Delay, At, After and unique keys.", nameof(options));
        }

        if (options.MaximumRuns < 1 || options.EndsAt < options.StartsAt || !Enum.IsDefined(options.Misfire))
        {
            throw new ArgumentException($"The schedule '{name}' would never run: it has at least one run, and does not end before it starts.", nameof(options));
        }

        (_name, _times, _job, _options) = (JobValidation.Name(name, "schedule"), times, job, options);
    }

    public ScheduleDefinition Define(JobFactory factory)
    {
        var job = factory.Create(_job, _wish);
        return new ScheduleDefinition
        {
            Name = _name,
            Cron = _times,
            TimeZone = _options.TimeZone.Id,
            StartsAt = Cut(_options.StartsAt),
            EndsAt = Cut(_options.EndsAt),
            MaximumRuns = _options.MaximumRuns,
            Misfire = _options.Misfire,
            Queue = job.Queue,
            Type = job.Type,
            Payload = job.Payload,
            Priority = job.Priority,
            MaxAttempts = job.MaxAttempts,
            Timeout = job.Timeout,
            Group = job.Group,
            Tags = job.Tags,
            Metadata = job.Metadata,
        };
    }

    /// <summary>To the millisecond, as stores keep it.</summary>
    private static DateTimeOffset? Cut(DateTimeOffset? time) =>
        time is { } at ? new DateTimeOffset(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero) : null;
}
