namespace Millrace.Jobs;

/// <summary>Which schedules have a tick to fire.</summary>
/// <param name="Now">The store's clock.</param>
/// <param name="Due">Schedules that are not paused and whose next tick is not later than <paramref name="Now"/>, earliest first.</param>
/// <param name="NextAt">The earliest tick of any schedule that is not paused and not in <paramref name="Due"/>; null for none.</param>
public sealed record DueSchedules(DateTimeOffset Now, IReadOnlyList<ScheduleRecord> Due, DateTimeOffset? NextAt);
