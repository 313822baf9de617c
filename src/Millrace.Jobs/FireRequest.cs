namespace Millrace.Jobs;

/// <summary>Fires one tick of a schedule.</summary>
public sealed record FireRequest
{
    /// <summary>The schedule.</summary>
    public required string Name { get; init; }

    /// <summary>The tick to fire, as the store reported it in <see cref="ScheduleRecord.NextAt"/>. When the schedule has moved on, another node has fired it.</summary>
    public required DateTimeOffset Tick { get; init; }

    /// <summary>The tick after it; one that is not later than the store's clock is due at once. Null when none follows.</summary>
    public required DateTimeOffset? NextAt { get; init; }

    /// <summary>The tick is passed over: the schedule moves on, and nothing is enqueued. Default false.</summary>
    public bool PassOver { get; init; }

    /// <summary>The job to enqueue; of a tick that is passed over, only its queue counts.</summary>
    public required NewJob Job { get; init; }

    /// <summary>The bound of the job's queue, as in <see cref="JobStore.EnqueueAsync"/>.</summary>
    public required int MaximumQueueLength { get; init; }
}
