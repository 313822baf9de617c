using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Township.Modules.Accounts.Passwords;
using Township.Modules.Accounts.Sessions;
using Township.Platform.Identity;
using Township.Platform.Web;

namespace Township.Modules.Accounts;

/// <summary>The API of accounts.</summary>
internal static class AccountsEndpoints
{
    public static void MapAccounts(this IEndpointRouteBuilder endpoints)
    {
        var accounts = endpoints.MapGroup("/api/accounts").WithTags("Accounts");
        accounts.MapPost("/token", IssueTokenAsync);
        var own = accounts.MapGroup("").RequireAuthorization(TownshipPolicies.Resident);
        own.MapGet("/me", FindMeAsync);
        own.MapGet("/sessions", static async (ClaimsPrincipal user, SessionDirectory sessions, CancellationToken cancellationToken) =>
            TypedResults.Ok(await sessions.ListAsync(user.RequiredUserId, cancellationToken)));
        own.MapDelete("/sessions/{id}", EndSessionAsync);
        own.MapDelete("/sessions", static async (ClaimsPrincipal user, SessionDirectory sessions, CancellationToken cancellationToken) =>
            TypedResults.Ok(new { ended = await sessions.EndAsync(user.RequiredUserId, null, null, cancellationToken) }));
    }

    /// <summary>A bearer token, for the credentials in the body or, without a body, for the session.</summary>
    private static async Task<Results<Ok<IssuedToken>, ValidationProblem, ProblemHttpResult>> IssueTokenAsync(
        HttpContext context,
        Credentials? credentials,
        AccountDesk desk,
        AccessTokens tokens,
        SessionDirectory sessions,
        AttemptLimiter attempts,
        CancellationToken cancellationToken)
    {
        if (credentials is null)
        {
            var user = context.User;
            return user.Identity is { IsAuthenticated: true, AuthenticationType: SessionAuthentication.SchemeName }
                ? TypedResults.Ok(IssuedToken.From(tokens.Issue(
                    user.RequiredUserId,
                    user.DisplayName ?? "",
                    user.FindFirstValue(TownshipClaims.Role) ?? TownshipRoles.Resident,
                    user.FindFirstValue(TownshipClaims.SessionId))))
                : TypedResults.Problem("Sign in first, or send e-mail address and password.", statusCode: 401);
        }

        if (credentials.Validate() is { Count: > 0 } errors)
        {
            return TypedResults.ValidationProblem(errors);
        }

        if (!attempts.TryAttempt(context, credentials.Email))
        {
            return TypedResults.Problem(TownshipErrors.Detail(429), statusCode: 429);
        }

        if (await desk.CheckPasswordAsync(credentials.Email!, credentials.Password!, cancellationToken) is not { } account)
        {
            return TypedResults.Problem(
                "This e-mail address and password do not go together, or the address is not confirmed yet.", statusCode: 401);
        }

        // A session of its own, so that its owner sees it, and a revocation or a new password ends it at once.
        var device = $"API: {Device.Describe(context.Request.Headers.UserAgent)}";
        var (sessionId, _) = await sessions.BeginAsync(account.Id, device, cancellationToken);
        return TypedResults.Ok(IssuedToken.From(tokens.Issue(account.Id, account.Name, account.Role, sessionId)));
    }

    private static async Task<Results<Ok<Profile>, NotFound>> FindMeAsync(
        ClaimsPrincipal user, Profiles profiles, CancellationToken cancellationToken) =>
        await profiles.FindAsync(user.RequiredUserId, cancellationToken) is { } profile
            ? TypedResults.Ok(profile)
            : TypedResults.NotFound();

    private static async Task<Results<NoContent, NotFound>> EndSessionAsync(
        string id, ClaimsPrincipal user, SessionDirectory sessions, CancellationToken cancellationToken) =>
        await sessions.EndAsync(user.RequiredUserId, id, null, cancellationToken) > 0
            ? TypedResults.NoContent()
            : TypedResults.NotFound();

    internal sealed record Credentials(string? Email, string? Password)
    {
        public Dictionary<string, string[]> Validate()
        {
            var errors = new Dictionary<string, string[]>();
            if (Email is not { Length: > 0 and <= 254 }
                || !new EmailAddressAttribute().IsValid(Email)
                || !new RegularExpressionAttribute(TextRules.Email).IsValid(Email))
            {
                errors["email"] = ["Enter an e-mail address like name@example.org."];
            }

            if (Password is not { Length: > 0 and <= PasswordRules.MaximumLength })
            {
                errors["password"] = ["Enter a password of at most 128 characters."];
            }

            return errors;
        }
    }

    internal sealed record IssuedToken(string Token, DateTimeOffset ExpiresAt)
    {
        public static IssuedToken From((string Token, DateTimeOffset ExpiresAt) issued) => new(issued.Token, issued.ExpiresAt);
    }
}
