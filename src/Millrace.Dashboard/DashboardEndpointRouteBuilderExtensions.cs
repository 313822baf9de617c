using System.Buffers;
using Millrace.Dashboard.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Millrace.Dashboard;

/// <summary>Maps the dashboard.</summary>
public static class DashboardEndpointRouteBuilderExtensions
{
    private static readonly SearchValues<char> NotInPaths = SearchValues.Create("{}?#\"<>& ");

    /// <summary>Maps the dashboard page and its assets, all of them embedded in this assembly.</summary>
    /// <param name="endpoints">Where to map them; a route group or path base in front is fine, since every link in the page is relative.</param>
    /// <param name="path">Path of the page. Default <c>/millrace</c>.</param>
    /// <param name="apiPath">Path of the management API that the page reads, relative to the same group. Default <c>/api</c>.</param>
    /// <returns>A builder over the page and its assets. Nothing here asks who is calling: add authorization, as <c>MapMillrace</c> does.</returns>
    /// <exception cref="ArgumentException">A path does not start with <c>/</c>, ends with it, or holds a placeholder.</exception>
    public static IEndpointConventionBuilder MapMillraceDashboard(this IEndpointRouteBuilder endpoints, string path = "/millrace", string apiPath = "/api")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        CheckPath(path, nameof(path));
        CheckPath(apiPath, nameof(apiPath));
        var assets = Assets.Load(path, apiPath);
        var group = endpoints.MapGroup(path);
        group.MapMethods("", ["GET", "HEAD"], assets.ServePageAsync).WithDisplayName("Millrace dashboard");
        group.MapMethods("/assets/{name}", ["GET", "HEAD"], assets.ServeAssetAsync).WithDisplayName("Millrace dashboard asset");
        return group;
    }

    private static void CheckPath(string path, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(path, name);
        if (path.Length < 2 || path[0] != '/' || path[^1] == '/' || path.AsSpan().ContainsAny(NotInPaths))
        {
            throw new ArgumentException($"'{path}' is no path: write it like '/ops', without an end slash and without placeholders.", name);
        }
    }
}
