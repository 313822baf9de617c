namespace Township.Modules.Projects;

/// <summary>An export that a resident asked for.</summary>
internal sealed record ProjectExport
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string ProjectName { get; init; } = "";

    public string UserId { get; init; } = "";

    /// <summary>waiting, running, done or failed.</summary>
    public string Status { get; init; } = "";

    public long Percent { get; init; }

    public long RowCount { get; init; }

    public string FileName { get; init; } = "";

    public long CreatedAt { get; init; }

    public bool IsFinished => Status is "done" or "failed";
}
