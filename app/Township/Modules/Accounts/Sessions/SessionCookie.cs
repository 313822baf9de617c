namespace Township.Modules.Accounts.Sessions;

/// <summary>The cookie that holds a session's token.</summary>
internal static class SessionCookie
{
    public const string Name = "township_session";

    public static string? Read(HttpRequest request) =>
        request.Cookies.TryGetValue(Name, out var token) && token.Length > 0 ? token : null;

    public static void Write(HttpContext context, string token) =>
        context.Response.Cookies.Append(Name, token, Options(context, SessionStore.Lifetime));

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context, null));

    private static CookieOptions Options(HttpContext context, TimeSpan? lifetime) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        Path = "/",
        MaxAge = lifetime,
        IsEssential = true,
    };
}
