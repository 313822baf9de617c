using Microsoft.AspNetCore.Http;

namespace Millrace.AspNetCore.Access;

/// <summary>
/// Keeps other sites from operating with a visitor's credentials: a change needs the header <c>X-Millrace-Request: 1</c>, which
/// a form cannot send and a script on another origin may not without permission; and what the browser says about the
/// origin must agree.
/// </summary>
internal static class CrossSite
{
    public const string HeaderName = "X-Millrace-Request";

    /// <summary>Why the request is refused; null when it may go on.</summary>
    public static string? Refusal(HttpRequest request)
    {
        if (request.Headers[HeaderName] != "1")
        {
            return $"This operation needs the request header '{HeaderName}: 1'. It keeps other web sites from sending it for you.";
        }

        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "same-origin" && site != "none")
        {
            return "The browser says that another site sent this request (Sec-Fetch-Site); operations are for the dashboard's own origin.";
        }

        // Scheme and default port are left out: behind a proxy that ends TLS they differ for good reason.
        if (request.Headers.TryGetValue("Origin", out var origin)
            && !(Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var uri) && uri.Host.Equals(request.Host.Host, StringComparison.OrdinalIgnoreCase)
                && (request.Host.Port is not { } port || uri.Port == port)))
        {
            return "The request comes from another origin; operations are for the dashboard's own.";
        }

        return null;
    }
}
