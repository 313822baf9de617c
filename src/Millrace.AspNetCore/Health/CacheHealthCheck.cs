using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Caching;

namespace Millrace.AspNetCore.Health;

/// <summary>
/// The caches answer, have their second level and keep within their budgets. One without its second level goes on from the source: degraded. A full
/// cache is healthy: it evicts. One that is to be warm before traffic comes, and is not yet, is not ready.
/// </summary>
internal sealed class CacheHealthCheck(CacheRegistry caches, CacheWarming warming) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var statistics = caches.Caches.Select(cache => cache.GetStatistics()).ToArray();
        var over = Array.FindAll(statistics, s => s.SizeBytes > s.SizeLimitBytes || s.Entries > s.EntryLimit);
        var alone = Array.FindAll(statistics, static s => s.IsSharing == false);
        var result = !warming.IsReady
            ? HealthCheckResult.Unhealthy("A warmer that readiness requires has not run yet.")
            : over.Length > 0
            ? HealthCheckResult.Degraded($"Over budget: {string.Join(", ", over.Select(s => s.Name))}.")
            : alone.Length > 0
            ? HealthCheckResult.Degraded($"Without their second level: {string.Join(", ", alone.Select(s => s.Name))}.")
            : HealthCheckResult.Healthy(string.Create(
                CultureInfo.InvariantCulture, $"{statistics.Length} caches, {statistics.Sum(s => (long)s.Entries)} entries, {statistics.Sum(s => s.SizeBytes)} bytes."));
        return Task.FromResult(result);
    }
}
