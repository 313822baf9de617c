namespace Township.Platform.Web;

/// <summary>Style sheets and scripts: for ever when the address carries the content's version, else asked for again each time.</summary>
internal static class StaticFiles
{
    public static StaticFileOptions Options { get; } = new()
    {
        OnPrepareResponse = static response =>
            response.Context.Response.Headers.CacheControl = response.Context.Request.Query.ContainsKey("v")
                ? "public, max-age=31536000, immutable"
                : "no-cache",
    };
}
