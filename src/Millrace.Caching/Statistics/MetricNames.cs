namespace Millrace.Caching.Statistics;

/// <summary>Every name that this package measures under. Those that begin with <c>dotnet.cache</c> are the ones .NET 11 uses for its own cache.</summary>
internal static class MetricNames
{
    public const string Meter = "Millrace.Caching";

    public const string Requests = "dotnet.cache.requests";
    public const string Evictions = "dotnet.cache.evictions";
    public const string Entries = "dotnet.cache.entries";
    public const string EstimatedSize = "dotnet.cache.estimated_size";
    public const string FactoryRuns = "millrace.cache.factory.runs";
    public const string FactoryErrors = "millrace.cache.factory.errors";
    public const string StaleHits = "millrace.cache.stale_hits";
    public const string Timeouts = "millrace.cache.source.timeouts";
    public const string Overdue = "millrace.cache.source.overdue";
    public const string Refreshes = "millrace.cache.refreshes";
    public const string SweptEntries = "millrace.cache.sweep.removed";
    public const string SweepReads = "millrace.cache.sweep.reads";
    public const string Sweeps = "millrace.cache.sweeps";
    public const string Expirations = "millrace.cache.expirations";
    public const string Invalidations = "millrace.cache.invalidations";

    public const string WriteBehindWritten = "millrace.cache.writebehind.written";
    public const string WriteBehindCoalesced = "millrace.cache.writebehind.coalesced";
    public const string WriteBehindFlushed = "millrace.cache.writebehind.flushed";
    public const string WriteBehindRetried = "millrace.cache.writebehind.retried";
    public const string WriteBehindPending = "millrace.cache.writebehind.pending";
    public const string WriteBehindDead = "millrace.cache.writebehind.dead";
    public const string WriteBehindOldestAge = "millrace.cache.writebehind.oldest_age";

    public const string WriteBehindName = "millrace.cache.writebehind.name";
    public const string CacheName = "cache.name";
    public const string Outcome = "cache.outcome";
    public const string RequestType = "cache.request.type";
    public const string KeyPattern = "cache.key_pattern";
}
