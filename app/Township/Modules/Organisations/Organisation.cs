namespace Township.Modules.Organisations;

/// <summary>An organisation as its page and the lists show it.</summary>
internal sealed record Organisation
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string Summary { get; init; } = "";

    public string Category { get; init; } = "";

    public bool IsOpen { get; init; }

    public long CreatedAt { get; init; }

    public long Members { get; init; }

    /// <summary>Public projects; private ones are counted for nobody.</summary>
    public long Projects { get; init; }
}
