namespace Township.Platform.Identity;

/// <summary>Roles, in the column <c>users.role</c> and the claim <c>role</c>.</summary>
internal static class TownshipRoles
{
    public const string Resident = "resident";

    /// <summary>Runs the place: sees and operates Millrace's dashboard and Township's statistics.</summary>
    public const string Operator = "operator";
}
