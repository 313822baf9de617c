namespace Township.Modules.Accounts.Sessions;

/// <summary>A session as its owner sees it in the list.</summary>
internal sealed record SessionSummary
{
    public string Id { get; init; } = "";

    public string Device { get; init; } = "";

    public long CreatedAt { get; init; }

    public long SeenAt { get; init; }
}
