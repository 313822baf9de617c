namespace Millrace.Caching;

/// <summary>How a run of a warmer stands or ended.</summary>
public enum CacheWarmingOutcome
{
    /// <summary>It has not ended.</summary>
    Running,

    /// <summary>It filled what it set out to fill.</summary>
    Succeeded,

    /// <summary>Some batches failed for good, others did not.</summary>
    Partial,

    /// <summary>Nothing could be filled.</summary>
    Failed,

    /// <summary>It was cancelled; what had been filled by then stays.</summary>
    Cancelled,

    /// <summary>It ended early because the cache is full of what is read; what had been filled by then stays.</summary>
    Stopped,
}
