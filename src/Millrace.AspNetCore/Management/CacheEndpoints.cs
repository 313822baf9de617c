using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Answers;
using Millrace.AspNetCore.Metrics;
using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

/// <summary><c>/api/cache</c>: look, measure, invalidate.</summary>
internal static class CacheEndpoints
{
    private const int MaximumNames = 100;
    private const int MaximumNameLength = 1024;

    public static void Map(IEndpointRouteBuilder api, MillraceOptions options)
    {
        api.Read(options, "/cache/health", "Tells how full the caches are and whether their sources fail", Health).Produces<IReadOnlyList<CacheHealthView>>();
        api.Read(options, "/cache/stats", "Counts hits, misses and the rest, per cache and key pattern", Stats).Produces<IReadOnlyList<CacheStatistics>>();
        api.Read(options, "/cache/metrics/prometheus", "Shows all metrics in the Prometheus text format", PrometheusAsync)
            .Produces(StatusCodes.Status200OK, contentType: PrometheusText.ContentType);
        api.Operate(options, "POST", "/cache/invalidate", "Invalidates keys, tags and patterns, everything, or what an event says; with dryRun=true it only tells what", InvalidateEndpoint.HandleAsync)
            .Produces<InvalidateResult>().ProducesValidationProblem();
        WarmEndpoints.Map(api, options);
    }

    private static IResult Health(CacheRegistry caches) =>
        Results.Json([.. caches.Caches.Select(cache => CacheHealthView.Of(cache.GetStatistics()))], ManagementJson.Default.IReadOnlyListCacheHealthView);

    private static IResult Stats(CacheRegistry caches) =>
        Results.Json([.. caches.Caches.Select(cache => cache.GetStatistics())], ManagementJson.Default.IReadOnlyListCacheStatistics);

    private static async Task<IResult> PrometheusAsync(HttpContext context, MetricsPage page)
    {
        using var cancellation = Endpoint.QueryToken(context);
        return Results.Text(await page.WriteAsync(cancellation.Token).ConfigureAwait(false), PrometheusText.ContentType);
    }
}
