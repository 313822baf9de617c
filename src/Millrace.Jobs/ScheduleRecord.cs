namespace Millrace.Jobs;

/// <summary>A schedule as a store holds it.</summary>
public sealed record ScheduleRecord
{
    /// <summary>What and when.</summary>
    public required ScheduleDefinition Definition { get; init; }

    /// <summary>Its next tick; null when none follows.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>The tick that was fired last; null before the first.</summary>
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>The job of the last tick; null before the first. That job may have been removed by retention since.</summary>
    public string? LastJobId { get; init; }

    /// <summary>How many jobs its ticks have enqueued.</summary>
    public long Runs { get; init; }

    /// <summary>A paused schedule fires nothing.</summary>
    public bool Paused { get; init; }
}
