namespace Township.Modules.Accounts;

/// <summary>What other modules show of a user.</summary>
internal sealed record UserCard
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";
}
