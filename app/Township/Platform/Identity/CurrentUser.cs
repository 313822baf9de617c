using System.Security.Claims;

namespace Township.Platform.Identity;

/// <summary>Who is asking.</summary>
internal static class CurrentUser
{
    extension(ClaimsPrincipal principal)
    {
        public bool IsSignedIn => principal.Identity is { IsAuthenticated: true };

        /// <summary>The user's id; null for guests.</summary>
        public string? UserId => principal.FindFirstValue(TownshipClaims.UserId);

        /// <summary>The user's id where the policy has already let only signed-in users in.</summary>
        /// <exception cref="InvalidOperationException">Nobody is signed in.</exception>
        public string RequiredUserId => principal.UserId
            ?? throw new InvalidOperationException("Nobody is signed in: put an authorization policy on this page or endpoint.");

        public string? DisplayName => principal.FindFirstValue(TownshipClaims.Name);

        public bool IsOperator => principal.IsInRole(TownshipRoles.Operator);
    }
}
