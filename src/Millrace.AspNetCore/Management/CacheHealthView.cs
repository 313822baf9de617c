using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

/// <summary>How full a cache is, whether its second level, if it has one, can be used, and whether its sources fail. Full is no illness: a full cache evicts.</summary>
internal sealed record CacheHealthView(
    string Name, string Status, bool? IsSharing, double EntriesShare, double SizeShare, double HitRatio, long FactoryRuns, long FactoryErrors)
{
    public static CacheHealthView Of(CacheStatistics statistics) => new(
        statistics.Name,
        statistics.IsSharing == false || (statistics.FactoryRuns > 0 && statistics.FactoryErrors == statistics.FactoryRuns) ? "degraded" : "healthy",
        statistics.IsSharing,
        (double)statistics.Entries / statistics.EntryLimit,
        (double)statistics.SizeBytes / statistics.SizeLimitBytes,
        statistics.HitRatio,
        statistics.FactoryRuns,
        statistics.FactoryErrors);
}
