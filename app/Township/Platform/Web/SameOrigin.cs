namespace Township.Platform.Web;

/// <summary>
/// Whether a request that writes was made by one of our own pages. Forms carry an antiforgery token besides; scripts, the
/// dashboard's too, need nothing but to be ours: the browser says so in <c>Sec-Fetch-Site</c> or <c>Origin</c>.
/// </summary>
internal static class SameOrigin
{
    public static bool Allows(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        {
            return true;
        }

        if (!TownshipErrors.IsApi(request))
        {
            return true; // a form, which antiforgery guards
        }

        if (request.Headers["Sec-Fetch-Site"] is [{ } site])
        {
            return site == "same-origin";
        }

        return Uri.TryCreate(request.Headers.Origin, UriKind.Absolute, out var origin)
            && origin.Scheme == request.Scheme
            && string.Equals(origin.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }
}
