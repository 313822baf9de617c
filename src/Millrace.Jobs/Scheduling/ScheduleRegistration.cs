namespace Millrace.Jobs.Scheduling;

/// <summary>One AddSchedule.</summary>
internal sealed record ScheduleRegistration(string Name, CronExpression Cron, string CronText, TimeZoneInfo TimeZone, object Job, EnqueueOptions Wish)
{
    public ScheduleDefinition Define(JobFactory factory)
    {
        var job = factory.Create(Job, Wish);
        return new ScheduleDefinition
        {
            Name = Name,
            Cron = CronText,
            TimeZone = TimeZone.Id,
            Queue = job.Queue,
            Type = job.Type,
            Payload = job.Payload,
            Priority = job.Priority,
            MaxAttempts = job.MaxAttempts,
            Timeout = job.Timeout,
            Tags = job.Tags,
            Metadata = job.Metadata,
        };
    }
}
