namespace Township.Modules.Notifications.InApp;

/// <summary>A row of <c>notifications</c>.</summary>
internal sealed record Notification
{
    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Title { get; init; } = "";

    public string Body { get; init; } = "";

    public string? Link { get; init; }

    public long CreatedAt { get; init; }

    public long? ReadAt { get; init; }
}
