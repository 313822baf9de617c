using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Millrace.AspNetCore.Tests.SignalR;

/// <summary>A bearer scheme for tests: the token is a user's name, with <c>~unix-seconds</c> for a sign-in that expires; <c>bad</c> fails.</summary>
internal sealed class TokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Token";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.Ordinal))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        var parts = header["Bearer ".Length..].Split('~');
        if (parts[0] == "bad")
        {
            return Task.FromResult(AuthenticateResult.Fail("The token is bad."));
        }

        var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", parts[0])], SchemeName));
        var properties = new AuthenticationProperties();
        if (parts.Length > 1)
        {
            properties.ExpiresUtc = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, properties, SchemeName)));
    }
}
