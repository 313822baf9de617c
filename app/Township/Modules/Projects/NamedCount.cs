namespace Township.Modules.Projects;

/// <summary>How many of one kind.</summary>
internal sealed record NamedCount
{
    public string Name { get; init; } = "";

    public long Count { get; init; }
}
