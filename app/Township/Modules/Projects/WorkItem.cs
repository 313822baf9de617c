namespace Township.Modules.Projects;

/// <summary>A task. Its kind of work shows on the dashboard and in exports, not in lists.</summary>
internal sealed record WorkItem
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Title { get; init; } = "";

    public string Details { get; init; } = "";

    public string Status { get; init; } = "";

    public string Kind { get; init; } = "";

    public string? AssigneeId { get; init; }

    public string? AssigneeName { get; init; }

    public string? DueOn { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long? CompletedAt { get; init; }
}
