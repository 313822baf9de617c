namespace Millrace.Jobs;

/// <summary>What a sweep did.</summary>
public sealed record SweepResult
{
    /// <summary>Jobs taken from dead workers, as they stand after it: waiting, dead or cancelled.</summary>
    public IReadOnlyList<JobRecord> Rescued { get; init; } = [];

    /// <summary>How many ended jobs were removed by retention.</summary>
    public int Removed { get; init; }

    /// <summary>True when a bound was reached and another sweep would find more to do.</summary>
    public bool More { get; init; }
}
