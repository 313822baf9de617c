namespace Township.Modules.Accounts.Sessions;

/// <summary>A signed-in device, with what authentication needs of its user: what the session cache holds.</summary>
internal sealed record Session
{
    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public string Role { get; init; } = "";

    public long SeenAt { get; init; }

    public long ExpiresAt { get; init; }
}
