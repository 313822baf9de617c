using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

/// <summary>How full a cache is, and whether its sources fail. Full is no illness: a full cache evicts.</summary>
internal sealed record CacheHealthView(string Name, string Status, double EntriesShare, double SizeShare, double HitRatio, long FactoryRuns, long FactoryErrors)
{
    public static CacheHealthView Of(CacheStatistics statistics) => new(
        statistics.Name,
        statistics.FactoryRuns > 0 && statistics.FactoryErrors == statistics.FactoryRuns ? "degraded" : "healthy",
        (double)statistics.Entries / statistics.EntryLimit,
        (double)statistics.SizeBytes / statistics.SizeLimitBytes,
        statistics.HitRatio,
        statistics.FactoryRuns,
        statistics.FactoryErrors);
}
