using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Answers;
using Millrace.AspNetCore.Metrics;
using Millrace.AspNetCore.OutputCaching;
using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

/// <summary><c>/api/cache</c>: look, measure, invalidate, warm.</summary>
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
        api.Operate(options, "POST", "/cache/invalidate", "Invalidates keys, tags, or everything", InvalidateAsync).Produces<InvalidateResult>().ProducesValidationProblem();
        api.Operate(options, "POST", "/cache/warm", "Runs warmers", WarmAsync).Produces<IReadOnlyList<CacheWarmingRun>>().ProducesValidationProblem();
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

    private static async Task<IResult> InvalidateAsync(HttpContext context, CacheRegistry caches, IOptions<MillraceOptions> options)
    {
        var (request, fault) = await RequestBody.ReadAsync(context, ManagementJson.Default.InvalidateRequest, options.Value.MaximumRequestBodyBytes).ConfigureAwait(false);
        if (request is null)
        {
            return fault!;
        }

        var input = new Input();
        var keys = input.Names("keys", request.Keys, MaximumNames, MaximumNameLength);
        var tags = input.Names("tags", request.Tags, MaximumNames, MaximumNameLength);
        var all = request.All ?? false;
        if (all ? keys.Count + tags.Count > 0 : keys.Count + tags.Count == 0)
        {
            input.Fault("body", all ? "Either 'all', or 'keys' and 'tags', not both." : "Name 'keys' or 'tags', or set 'all' to true.");
        }

        var targets = Targets(caches, request.Cache, input);
        if (!input.IsValid)
        {
            return Problems.Invalid(input.Errors);
        }

        try
        {
            foreach (var cache in targets)
            {
                await ApplyAsync(cache, all, keys, tags, context.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (ArgumentException refused)
        {
            return Problems.Invalid("body", PlainText.Of(refused.Message, 300)); // a cache may be stricter about names than we are
        }

        var names = targets.Select(cache => cache.Name).ToArray();
        Endpoint.Audit(
            context, "cache.invalidate", $"{string.Join(", ", names)}: {(all ? "everything" : $"keys [{string.Join(", ", keys)}] tags [{string.Join(", ", tags)}]")}", "invalidated");
        return Results.Json(new InvalidateResult(names, keys.Count, tags.Count, all), ManagementJson.Default.InvalidateResult);
    }

    private static async ValueTask ApplyAsync(
        Cache cache, bool all, IReadOnlyList<string> keys, IReadOnlyList<string> tags, CancellationToken cancellationToken)
    {
        if (all)
        {
            await cache.InvalidateAllAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        await cache.RemoveAsync(keys, cancellationToken).ConfigureAwait(false);
        await cache.RemoveByTagAsync(tags, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The named cache; by default the default cache and the pages made from it.</summary>
    private static List<Cache> Targets(CacheRegistry caches, string? name, Input input)
    {
        if (name is not null)
        {
            if (caches.TryGet(name, out var named))
            {
                return [named];
            }

            input.Fault("cache", $"There is no cache of this name. Registered: {string.Join(", ", caches.Caches.Select(cache => cache.Name))}.");
            return [];
        }

        List<Cache> targets = [caches.Get(Cache.DefaultName)];
        if (caches.TryGet(OutputCacheStore.CacheName, out var pages))
        {
            targets.Add(pages);
        }

        return targets;
    }

    private static async Task<IResult> WarmAsync(HttpContext context, CacheWarming warming, IOptions<MillraceOptions> options)
    {
        var (request, fault) = await RequestBody.ReadAsync(context, ManagementJson.Default.WarmRequest, options.Value.MaximumRequestBodyBytes).ConfigureAwait(false);
        if (request is null)
        {
            return fault!;
        }

        var input = new Input();
        var registered = warming.Warmers.Select(warmer => warmer.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var wanted = input.Names("warmers", request.Warmers, MaximumNames, MaximumNameLength);
        foreach (var (index, name) in wanted.Index())
        {
            if (!registered.Contains(name))
            {
                input.Fault($"warmers[{index}]", $"There is no warmer of this name. Registered: {string.Join(", ", registered)}.");
            }
        }

        if (!input.IsValid)
        {
            return Problems.Invalid(input.Errors);
        }

        List<CacheWarmingRun> runs = [];
        foreach (var name in wanted.Count > 0 ? wanted : [.. registered])
        {
            var run = await warming.WarmAsync(name, context.RequestAborted).ConfigureAwait(false);
            Endpoint.Audit(context, "cache.warm", name, run.Succeeded ? "warmed" : "failed");
            runs.Add(run);
        }

        return Results.Json(runs, ManagementJson.Default.IReadOnlyListCacheWarmingRun);
    }
}
