namespace Township.Modules.Projects;

/// <summary>A project as its page shows it.</summary>
internal sealed record Project
{
    public string Id { get; init; } = "";

    public string OrganisationId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Summary { get; init; } = "";

    public string Category { get; init; } = "";

    public string Status { get; init; } = "";

    public bool IsPrivate { get; init; }

    public string? DueOn { get; init; }

    public string CreatedBy { get; init; } = "";

    public string CreatedByName { get; init; } = "";

    public long CreatedAt { get; init; }
}
