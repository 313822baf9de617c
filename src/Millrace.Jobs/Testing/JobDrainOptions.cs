namespace Millrace.Jobs.Testing;

/// <summary>What a drain runs beside the jobs that are due now.</summary>
public sealed class JobDrainOptions
{
    /// <summary>Whether schedules that are due fire first. Default true.</summary>
    public bool Schedules { get; set; } = true;

    /// <summary>Whether jobs that failed are tried again until they end: when nothing else is due, the clock moves to the next retry, and whatever is due by then
    /// runs too. Needs a <see cref="JobTestClock"/>. Default false: a retry is not due before its delay is over.</summary>
    public bool Retries { get; set; }

    /// <summary>The same for jobs that snooze. Default false.</summary>
    public bool Snoozes { get; set; }

    /// <summary>Only these queues; null for all that the application serves. Default null.</summary>
    public IReadOnlyCollection<string>? Queues { get; set; }

    /// <summary>A drain or an advance that runs more attempts than this is stopped with an error: jobs that enqueue each other for ever would never end. Default 10,000.</summary>
    public int MaximumRuns { get; set; } = 10_000;
}
