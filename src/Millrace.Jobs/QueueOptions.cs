namespace Millrace.Jobs;

/// <summary>How a queue is served. Set while services are registered; every process that serves the queue should say the same.</summary>
public sealed class QueueOptions
{
    /// <summary>How many of its jobs this process runs at once, 1 to 1,000; null for <see cref="JobsOptions.DefaultConcurrency"/>.</summary>
    public int? Concurrency
    {
        get;
        set => field = value is null or (>= 1 and <= JobLimits.MaximumBatch)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A queue runs 1 to {JobLimits.MaximumBatch} jobs at once in one process.");
    }

    /// <summary>How many of its jobs run at once over all processes that share the store, 1 to 1,000,000; null for no limit.</summary>
    public int? GlobalConcurrency
    {
        get;
        set => field = value is null or (>= 1 and <= 1_000_000)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A queue runs 1 to 1,000,000 jobs at once over all processes.");
    }

    /// <summary>How many of its jobs may be started in a time, over all processes that share the store; null for no limit. Every start counts, a
    /// retry's too.</summary>
    public JobRate? Rate
    {
        get;
        set => field = value is null ? null : JobValidation.Rate(value);
    }

    /// <summary>How many jobs of one group (<see cref="EnqueueOptions.Group"/>) run at once over all processes that share the store, 1 to 1,000,000;
    /// null for no limit. Jobs without a group are not counted.</summary>
    public int? GroupConcurrency
    {
        get;
        set => field = value is null or (>= 1 and <= 1_000_000)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A group runs 1 to 1,000,000 jobs at once over all processes.");
    }

    /// <summary>How many jobs of one group may be started in a time, over all processes that share the store; null for no limit. Every start
    /// counts, a retry's too. Its <see cref="JobRate.Kind"/> is <see cref="JobRateKind.TokenBucket"/>, which takes one number per group.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It counts in a sliding window, or is out of range.</exception>
    public JobRate? GroupRate
    {
        get;
        set => field = value is null ? null : JobValidation.GroupRate(value);
    }
}
