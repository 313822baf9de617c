using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.AspNetCore.SignalR;

/// <summary>
/// Refuses browsers on other origins that no CORS policy lets in. Browsers do not apply CORS to WebSockets but send cookies along,
/// so without this any site could open the hub in its visitor's name. Clients that are no browsers send no Origin and pass.
/// </summary>
internal static class OriginGuard
{
    public static void Wrap(EndpointBuilder endpoint)
    {
        if (endpoint.RequestDelegate is not { } next)
        {
            return;
        }

        endpoint.RequestDelegate = async context =>
        {
            if (await IsAllowedAsync(context).ConfigureAwait(false))
            {
                await next(context).ConfigureAwait(false);
            }
            else
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
            }
        };
    }

    private static async ValueTask<bool> IsAllowedAsync(HttpContext context)
    {
        var origin = context.Request.Headers.Origin;
        if (origin.Count == 0 || IsOwn(origin.ToString(), context.Request.Host))
        {
            return true;
        }

        var policy = await PolicyOfAsync(context).ConfigureAwait(false);
        return policy is not null
            && context.RequestServices.GetService<ICorsService>() is { } cors
            && cors.EvaluatePolicy(context, policy).IsOriginAllowed;
    }

    /// <summary>The scheme is not compared: behind a proxy that ends TLS the request's own scheme is not the browser's.</summary>
    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && string.Equals(uri.Host, host.Host, StringComparison.OrdinalIgnoreCase)
        && (host.Port is null ? uri.IsDefaultPort : host.Port == uri.Port);

    private static async ValueTask<CorsPolicy?> PolicyOfAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>();
        if (metadata is IDisableCorsAttribute)
        {
            return null;
        }

        if (metadata is ICorsPolicyMetadata own)
        {
            return own.Policy;
        }

        // Named on the endpoint, or the application's default policy.
        return context.RequestServices.GetService<ICorsPolicyProvider>() is { } provider
            ? await provider.GetPolicyAsync(context, (metadata as IEnableCorsAttribute)?.PolicyName).ConfigureAwait(false)
            : null;
    }
}
