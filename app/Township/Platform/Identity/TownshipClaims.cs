namespace Township.Platform.Identity;

/// <summary>Claim types, named as in a JWT.</summary>
internal static class TownshipClaims
{
    public const string UserId = "sub";
    public const string Name = "name";
    public const string Role = "role";
    public const string SessionId = "sid";
}
