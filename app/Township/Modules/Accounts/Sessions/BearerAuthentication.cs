using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Township.Platform.Identity;

namespace Township.Modules.Accounts.Sessions;

/// <summary>
/// Signs in by a bearer token in the Authorization header; on the hub also by the query's <c>access_token</c>, because browsers
/// cannot set headers on WebSockets. A token that names a session ends with it.
/// </summary>
internal sealed class BearerAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    AccessTokens tokens,
    SessionDirectory sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "bearer";
    private const string Prefix = "Bearer ";

    public static bool Applies(HttpRequest request) =>
        request.Headers.Authorization.Count > 0 || (IsHub(request) && request.Query.ContainsKey("access_token"));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var identity = tokens.Validate(Token(), SchemeName, out var refusal);
        if (identity is null)
        {
            return AuthenticateResult.Fail(refusal!);
        }

        if (identity.FindFirst(TownshipClaims.SessionId) is { } session
            && await sessions.FindAsync(session.Value, Context.RequestAborted) is null)
        {
            return AuthenticateResult.Fail("The token's session is over.");
        }

        var properties = new AuthenticationProperties
        {
            ExpiresUtc = DateTimeOffset.FromUnixTimeSeconds(long.Parse(identity.FindFirst("exp")!.Value, CultureInfo.InvariantCulture)),
        };
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), properties, SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Bearer realm=\"township\", error=\"invalid_token\"";
        return Task.CompletedTask;
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    private string? Token()
    {
        if (Request.Headers.Authorization is [{ } header])
        {
            return header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? header[Prefix.Length..].Trim() : null;
        }

        return IsHub(Request) && Request.Query["access_token"] is [{ } token] ? token : null;
    }

    private static bool IsHub(HttpRequest request) =>
        request.Path.StartsWithSegments("/millrace/hub", StringComparison.OrdinalIgnoreCase);
}
