namespace Township.Modules.Projects;

/// <summary>A project or task that search found.</summary>
internal sealed record SearchHit
{
    public string Kind { get; init; } = "";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Title { get; init; } = "";

    public string Context { get; init; } = "";

    public long UpdatedAt { get; init; }
}
