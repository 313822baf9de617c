namespace Township.Modules.Projects;

/// <summary>A project as lists show it.</summary>
internal sealed record ProjectListItem
{
    public string Id { get; init; } = "";

    public string OrganisationId { get; init; } = "";

    public string OrganisationName { get; init; } = "";

    public string Name { get; init; } = "";

    public string Summary { get; init; } = "";

    public string Category { get; init; } = "";

    public string Status { get; init; } = "";

    public bool IsPrivate { get; init; }

    public long CreatedAt { get; init; }

    public long Tasks { get; init; }

    public long Done { get; init; }
}
