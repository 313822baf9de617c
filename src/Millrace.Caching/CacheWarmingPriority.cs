namespace Millrace.Caching;

/// <summary>Which warmers go first when several are to run.</summary>
public enum CacheWarmingPriority
{
    /// <summary>Before all others: what the first requests need.</summary>
    High,

    /// <summary>After the high ones. The default.</summary>
    Medium,

    /// <summary>When all others have run.</summary>
    Low,
}
