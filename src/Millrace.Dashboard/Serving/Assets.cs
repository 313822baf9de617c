using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Millrace.Dashboard.Serving;

/// <summary>The embedded files, served from memory with entity tags and a policy that lets the page load nothing from elsewhere.</summary>
internal sealed class Assets
{
    /// <summary>No inline script or style, no other host, no frame, no form that posts, no plug-in.</summary>
    internal const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string ResourcePrefix = "wwwroot/";
    private const string PageName = "index.html";

    private static readonly FrozenDictionary<string, string> ContentTypes = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    private readonly Asset _page;
    private readonly FrozenDictionary<string, Asset> _assets;

    private Assets(Asset page, FrozenDictionary<string, Asset> assets)
    {
        _page = page;
        _assets = assets;
    }

    public IEnumerable<string> Names => _assets.Keys;

    public static Assets Load(string path, string apiPath)
    {
        var assembly = typeof(Assets).Assembly;
        Dictionary<string, Asset> assets = [];
        Asset? page = null;
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            {
                continue;
            }

            var name = resource[ResourcePrefix.Length..];
            var content = Read(assembly, resource);
            if (name == PageName)
            {
                page = new Asset(ContentTypes[".html"], FillIn(content, path, apiPath, Version(assembly)));
            }
            else
            {
                assets[name] = new Asset(ContentTypes[Path.GetExtension(name)], content);
            }
        }

        return new Assets(
            page ?? throw new InvalidOperationException("The dashboard's page is missing from its assembly: the build did not embed wwwroot."),
            assets.ToFrozenDictionary(StringComparer.Ordinal));
    }

    public Task ServePageAsync(HttpContext context)
    {
        // The page's links are relative to its folder, so the address needs its end slash.
        if (context.Request.Path.Value is { } path && !path.EndsWith('/'))
        {
            context.Response.StatusCode = StatusCodes.Status302Found;
            context.Response.Headers.Location = $"{context.Request.PathBase.ToUriComponent()}{context.Request.Path.ToUriComponent()}/{context.Request.QueryString}";
            return Task.CompletedTask;
        }

        return ServeAsync(context, _page);
    }

    public Task ServeAssetAsync(HttpContext context)
    {
        if (context.Request.RouteValues["name"] is string name && _assets.TryGetValue(name, out var asset))
        {
            return ServeAsync(context, asset);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static async Task ServeAsync(HttpContext context, Asset asset)
    {
        var (request, response) = (context.Request, context.Response);
        var compressed = AcceptsGzip(request.Headers.AcceptEncoding);
        var tag = compressed ? asset.CompressedTag : asset.PlainTag;
        var headers = response.Headers;
        headers.ETag = tag;
        headers.CacheControl = "no-cache"; // keep it, but ask each time whether it is still the one
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (Matches(request.Headers.IfNoneMatch, asset))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var body = compressed ? asset.Compressed : asset.Plain;
        response.ContentType = asset.ContentType;
        response.ContentLength = body.Length;
        if (compressed)
        {
            headers.ContentEncoding = "gzip";
        }

        if (!HttpMethods.IsHead(request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static bool Matches(StringValues sent, Asset asset)
    {
        if (!EntityTagHeaderValue.TryParseList(sent, out var tags))
        {
            return false;
        }

        foreach (var tag in tags)
        {
            if (tag.Tag == "*" || tag.Tag == asset.PlainTag || tag.Tag == asset.CompressedTag)
            {
                return true;
            }
        }

        return false;
    }

    private static bool AcceptsGzip(StringValues sent)
    {
        if (!StringWithQualityHeaderValue.TryParseList(sent, out var encodings))
        {
            return false;
        }

        foreach (var encoding in encodings)
        {
            if (encoding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && encoding.Quality is null or > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The page names the API by a path relative to itself, so that path bases and route groups need no configuration.</summary>
    private static byte[] FillIn(byte[] page, string path, string apiPath, string version)
    {
        var up = string.Concat(Enumerable.Repeat("../", path.Count(c => c == '/')));
        var text = Encoding.UTF8.GetString(page)
            .Replace("__API__", HtmlEncoder.Default.Encode(up + apiPath[1..]), StringComparison.Ordinal)
            .Replace("__VERSION__", HtmlEncoder.Default.Encode(version), StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text);
    }

    private static byte[] Read(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static string Version(Assembly assembly) =>
        assembly.GetName().Version is { } version ? string.Create(CultureInfo.InvariantCulture, $"{version.Major}.{version.Minor}.{version.Build}") : "";
}
