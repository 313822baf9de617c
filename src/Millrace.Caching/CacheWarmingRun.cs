namespace Millrace.Caching;

/// <summary>A run of a warmer: as it stood at the moment of asking, or as it ended.</summary>
/// <param name="Name">The warmer's name.</param>
/// <param name="CacheName">The name of the cache that it fills.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Duration">How long it took, or has taken so far.</param>
/// <param name="Entries">How many entries it says it filled; 0 when it failed.</param>
/// <param name="Failure">What it failed with last, in one line; null when nothing failed for good.</param>
public sealed record CacheWarmingRun(string Name, string CacheName, DateTimeOffset StartedAt, TimeSpan Duration, int Entries, string? Failure)
{
    /// <summary>Its number, unique in this process.</summary>
    public long Id { get; init; }

    /// <summary>How it stands or ended.</summary>
    public CacheWarmingOutcome Outcome { get; init; } = Failure is null ? CacheWarmingOutcome.Succeeded : CacheWarmingOutcome.Failed;

    /// <summary>The user that it is for; null for a run for all.</summary>
    public string? UserId { get; init; }

    /// <summary>Candidates that it looked at.</summary>
    public int Candidates { get; init; }

    /// <summary>Candidates that it set out to fill, within the budget; 0 while it searches, and for a warmer that does not name candidates.</summary>
    public int Total { get; init; }

    /// <summary>Candidates of batches that have ended, well or badly.</summary>
    public int Done { get; init; }

    /// <summary>Batches it was cut into; 1 for a warmer that does not name candidates.</summary>
    public int Batches { get; init; }

    /// <summary>Batches that were given up after their last attempt.</summary>
    public int FailedBatches { get; init; }

    /// <summary>Attempts beyond the first, of all batches and of the search.</summary>
    public int Retries { get; init; }

    /// <summary>Why it ended before all was filled, in one line; null when it did not, or has not ended.</summary>
    public string? StopReason { get; init; }

    /// <summary>How far it is, from 0 to 100.</summary>
    public double Percent =>
        Outcome == CacheWarmingOutcome.Succeeded ? 100 : Total == 0 ? 0 : Math.Round(100.0 * Done / Total, 1);

    /// <summary>True when nothing failed for good.</summary>
    public bool Succeeded => Failure is null;
}
