using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.AspNetCore.Answers;

namespace Millrace.AspNetCore.Access;

/// <summary>Decides who gets to an endpoint of the management API or the dashboard.</summary>
/// <remarks>
/// 1. Policies that the options name, or that the application puts on the mapped endpoints, are ordinary endpoint authorization; the
///    middleware has decided before the gate is reached.
/// 2. An endpoint without any (or with one that <c>AllowAnonymous</c> would lift) is closed, but for callers on this machine in Development.
/// 3. A change must come from the page itself, never from another site.
/// </remarks>
internal static class AccessGate
{
    /// <summary>Puts the gate in front of endpoints, and the policy that the options name for the level.</summary>
    public static TBuilder Guard<TBuilder>(this TBuilder builder, MillraceOptions options, AccessLevel level)
        where TBuilder : IEndpointConventionBuilder
    {
        var policy = level == AccessLevel.Read ? options.EffectiveReadPolicy : options.OperatePolicy;
        builder.Add(endpoint =>
        {
            endpoint.Metadata.Add(new AccessMetadata(level));
            if (policy is not null)
            {
                endpoint.Metadata.Add(new AuthorizeAttribute(policy));
            }

            if (endpoint.RequestDelegate is { } next)
            {
                endpoint.RequestDelegate = context => InvokeAsync(context, next, level);
            }
        });
        return builder;
    }

    /// <summary>Whether this caller, who got to a read endpoint, could operate too.</summary>
    public static async ValueTask<bool> MayOperateAsync(HttpContext context, MillraceOptions options)
    {
        if (options.OperatePolicy is { } policy)
        {
            var authorization = context.RequestServices.GetRequiredService<IAuthorizationService>();
            return (await authorization.AuthorizeAsync(context.User, resource: null, policy).ConfigureAwait(false)).Succeeded;
        }

        // No policy of its own: what the application put on all mapped endpoints alike, or a caller on this machine.
        return options.ReadPolicy is null && IsOpen(context);
    }

    private static Task InvokeAsync(HttpContext context, RequestDelegate next, AccessLevel level)
    {
        // 1. and 2.
        if (!IsOpen(context))
        {
            return RefuseAsync(context, level);
        }

        // 3.
        if (level == AccessLevel.Operate && CrossSite.Refusal(context.Request) is { } reason)
        {
            Log.CrossSiteRefused(context.Logger(), context.Request.Path, PlainText.Of(reason, 200));
            return Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "Refused as a cross-site request", reason);
        }

        return next(context);
    }

    private static bool IsOpen(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata is not null && metadata.GetMetadata<IAllowAnonymous>() is null
            && (metadata.GetMetadata<IAuthorizeData>() is not null || metadata.GetMetadata<AuthorizationPolicy>() is not null))
        {
            return true;
        }

        return context.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment() && Caller.IsLocal(context);
    }

    private static Task RefuseAsync(HttpContext context, AccessLevel level)
    {
        var setting = level == AccessLevel.Read ? nameof(MillraceOptions.ReadPolicy) : nameof(MillraceOptions.OperatePolicy);
        var status = context.User.Identity is { IsAuthenticated: true } ? StatusCodes.Status403Forbidden : StatusCodes.Status401Unauthorized;
        return Problems.WriteAsync(
            context,
            status,
            "Closed",
            $"No policy opens this to you. Set Millrace:{setting} to the name of an authorization policy; without one, only callers on the "
                + "machine itself are let in, and only in the Development environment.");
    }
}
