namespace Millrace.Jobs;

/// <summary>How many jobs may be started in a time.</summary>
public sealed record JobRate
{
    /// <summary>How many; 1 to 10,000.</summary>
    public required int Count { get; init; }

    /// <summary>In how long; a millisecond to a day.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>How it is counted. Default <see cref="JobRateKind.SlidingWindow"/>.</summary>
    public JobRateKind Kind { get; init; }
}
