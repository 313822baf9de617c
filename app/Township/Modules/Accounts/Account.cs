namespace Township.Modules.Accounts;

/// <summary>A row of <c>users</c>, as Accounts itself needs it.</summary>
internal sealed record Account
{
    public string Id { get; init; } = "";

    public string Email { get; init; } = "";

    public string Name { get; init; } = "";

    public string? PasswordHash { get; init; }

    public string Role { get; init; } = "";

    public long? ConfirmedAt { get; init; }
}
