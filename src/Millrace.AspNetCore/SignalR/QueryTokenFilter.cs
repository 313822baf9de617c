using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Millrace.AspNetCore.SignalR;

/// <summary>
/// Turns <c>?access_token=</c> into an <c>Authorization: Bearer</c> header on the hub's path and nowhere else, before authentication
/// runs, and takes it out of the query string so that nothing behind it can log it.
/// </summary>
/// <remarks>A browser cannot set headers on a WebSocket. As a startup filter it precedes the authentication that a web application adds by itself.</remarks>
internal sealed class QueryTokenFilter(IOptions<ChannelHubOptions> options) : IStartupFilter
{
    private const string Parameter = "access_token";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (options.Value.AcceptQueryToken)
        {
            var endpoints = app.ApplicationServices.GetService<EndpointDataSource>();
            app.Use((HttpContext context, RequestDelegate following) =>
            {
                var request = context.Request;
                if (request.QueryString.HasValue && endpoints is not null
                    && request.Query.TryGetValue(Parameter, out var token) && IsHub(request.Path, endpoints))
                {
                    if (token.Count == 1 && request.Headers.Authorization.Count == 0)
                    {
                        request.Headers.Authorization = "Bearer " + token[0];
                    }

                    request.QueryString = QueryString.Create(request.Query.Where(static pair => pair.Key != Parameter));
                }

                return following(context);
            });
        }

        next(app);
    };

    private static bool IsHub(PathString path, EndpointDataSource endpoints)
    {
        foreach (var endpoint in endpoints.Endpoints)
        {
            if (endpoint is RouteEndpoint route
                && route.Metadata.GetMetadata<HubMetadata>()?.HubType == typeof(ChannelHub)
                && route.Metadata.GetMetadata<NegotiateMetadata>() is null
                && path.Equals("/" + route.RoutePattern.RawText?.Trim('/'), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
