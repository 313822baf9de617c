namespace Township.Platform.Identity;

/// <summary>Authorization policies. A page asks with <c>[Authorize]</c>, an API group with <c>RequireAuthorization</c>.</summary>
internal static class TownshipPolicies
{
    /// <summary>Anybody signed in, by session or bearer token.</summary>
    public const string Resident = "resident";

    /// <summary>Signed in with the role <c>operator</c>.</summary>
    public const string Operator = "operator";
}
