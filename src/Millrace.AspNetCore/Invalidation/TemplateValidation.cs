using Millrace.Caching;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Millrace.AspNetCore.Invalidation;

/// <summary>Finds templates that can never be filled in, before the first request does.</summary>
internal static class TemplateValidation
{
    /// <exception cref="InvalidOperationException">Some endpoint's templates are malformed, or name route values or caches it does not have.</exception>
    public static void Check(IReadOnlyList<Endpoint> endpoints, CacheRegistry caches)
    {
        List<string> faults = [];
        foreach (var endpoint in endpoints)
        {
            if (endpoint is RouteEndpoint route && MayWrite(route))
            {
                foreach (var attribute in route.Metadata.GetOrderedMetadata<InvalidatesAttribute>())
                {
                    Check(route, attribute, caches, faults);
                }
            }
        }

        if (faults.Count > 0)
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, faults));
        }
    }

    private static void Check(RouteEndpoint route, InvalidatesAttribute attribute, CacheRegistry caches, List<string> faults)
    {
        try
        {
            foreach (var template in attribute.TagTemplates.Concat(attribute.KeyTemplates))
            {
                foreach (var name in template.Names)
                {
                    if (!HasValue(route, name))
                    {
                        faults.Add($"{route.DisplayName}: [Invalidates] '{template.Text}' needs the route value '{name}', which the route "
                            + $"'{route.RoutePattern.RawText}' does not have. Name one of its parameters, or add it.");
                    }
                }
            }
        }
        catch (ArgumentException fault)
        {
            faults.Add($"{route.DisplayName}: {fault.Message}");
        }

        if (attribute.Cache is { } cache && caches.Caches.All(c => c.Name != cache))
        {
            faults.Add($"{route.DisplayName}: [Invalidates] names the cache '{cache}', which is not registered: add it with AddMillraceCache(\"{cache}\").");
        }
    }

    private static bool HasValue(RouteEndpoint route, string name) =>
        route.RoutePattern.GetParameter(name) is not null
        || route.RoutePattern.Defaults.ContainsKey(name)
        || route.RoutePattern.RequiredValues.ContainsKey(name);

    private static bool MayWrite(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IHttpMethodMetadata>() is not { HttpMethods.Count: > 0 } methods
        || methods.HttpMethods.Any(InvalidationMiddleware.CanWrite);
}
