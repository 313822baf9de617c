using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.AspNetCore.OutputCaching;
using Millrace.Caching;

namespace Millrace.AspNetCore.Invalidation;

/// <summary>Expands the templates of a request that succeeded, and invalidates.</summary>
/// <remarks>The write is done and cannot be taken back here, so nothing is thrown: what cannot be invalidated is an error in the log.</remarks>
internal sealed class Invalidator(CacheRegistry caches, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.MillraceLogger();

    /// <summary>True when there was something to invalidate and the response is a success.</summary>
    public async ValueTask<bool> RunAsync(HttpContext context, InvalidationPlan plan)
    {
        if (context.Response.StatusCode >= StatusCodes.Status400BadRequest || context.GetEndpoint() is not { } endpoint)
        {
            return false;
        }

        var fromEndpoint = endpoint.Metadata.GetOrderedMetadata<InvalidatesAttribute>();
        if (fromEndpoint.Count == 0 && plan.FromHandlers.Count == 0)
        {
            return false;
        }

        foreach (var attribute in fromEndpoint.Concat(plan.FromHandlers))
        {
            try
            {
                await RunAsync(context, endpoint, attribute).ConfigureAwait(false);
            }
            catch (Exception fault)
            {
                Log.InvalidationFailed(_logger, fault, endpoint.DisplayName);
            }
        }

        return true;
    }

    private async ValueTask RunAsync(HttpContext context, Endpoint endpoint, InvalidatesAttribute attribute)
    {
        // Not the request's token: the client may leave once its write is done, and the invalidation is owed to everyone else.
        var cache = caches.Get(attribute.Cache ?? Cache.DefaultName);
        var keys = Expand(context, endpoint, attribute.KeyTemplates);
        var tags = Expand(context, endpoint, attribute.TagTemplates);
        await cache.RemoveAsync(keys, CancellationToken.None).ConfigureAwait(false);
        await cache.RemoveByTagAsync(tags, CancellationToken.None).ConfigureAwait(false);
        if (attribute.Cache is not null && caches.TryGet(OutputCacheStore.CacheName, out var pages))
        {
            await pages.RemoveByTagAsync(tags, CancellationToken.None).ConfigureAwait(false); // it follows the default cache by itself
        }
    }

    private List<string> Expand(HttpContext context, Endpoint endpoint, Template[] templates)
    {
        List<string> expanded = [];
        foreach (var template in templates)
        {
            if (template.TryExpand(context.Request.RouteValues, out var text, out var missing))
            {
                expanded.Add(text);
            }
            else
            {
                Log.RouteValueMissing(_logger, endpoint.DisplayName, template.Text, missing!);
            }
        }

        return expanded;
    }
}
