using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts.Sessions;

/// <summary>
/// Signs in by the session cookie. Guests who open a page that needs an account are sent to the sign-in page and back; the API
/// answers 401 and 403.
/// </summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    SessionDirectory sessions,
    UserDirectory users)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "session";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var token = SessionCookie.Read(Request);
        if (token is null)
        {
            return AuthenticateResult.NoResult();
        }

        // A cookie comes along with whatever another site makes the browser send, so such requests carry nobody's rights.
        if (!SameOrigin.Allows(Request))
        {
            return AuthenticateResult.Fail("The request comes from another site.");
        }

        if (await sessions.FindByTokenAsync(token, Context.RequestAborted) is not { } session)
        {
            SessionCookie.Delete(Context);
            return AuthenticateResult.NoResult();
        }

        if (TimeProvider.GetUtcNow().ToUnixTimeMilliseconds() - session.SeenAt < 1000)
        {
            SessionCookie.Write(Context, token); // it slid just now, the cookie slides too
        }

        var identity = new ClaimsIdentity(SchemeName, TownshipClaims.Name, TownshipClaims.Role);
        identity.AddClaim(new Claim(TownshipClaims.UserId, session.UserId));
        identity.AddClaim(new Claim(TownshipClaims.Name, await users.NameAsync(session.UserId, Context.RequestAborted)));
        identity.AddClaim(new Claim(TownshipClaims.Role, session.Role));
        identity.AddClaim(new Claim(TownshipClaims.SessionId, session.Id));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (TownshipErrors.IsApi(Request))
        {
            Response.StatusCode = StatusCodes.Status401Unauthorized;
            Response.Headers.WWWAuthenticate = "Bearer realm=\"township\"";
            return Task.CompletedTask;
        }

        var back = HttpMethods.IsGet(Request.Method) ? $"?returnUrl={Uri.EscapeDataString(Request.Path + Request.QueryString)}" : "";
        Response.Redirect($"/login{back}");
        return Task.CompletedTask;
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
