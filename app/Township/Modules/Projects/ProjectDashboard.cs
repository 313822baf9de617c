namespace Township.Modules.Projects;

/// <summary>Everything the dashboard shows.</summary>
internal sealed record ProjectDashboard
{
    public ProjectStatistics Statistics { get; init; } = new();

    /// <summary>Open tasks by kind of work.</summary>
    public IReadOnlyList<NamedCount> Kinds { get; init; } = [];

    /// <summary>Open tasks with a due day, soonest first.</summary>
    public IReadOnlyList<WorkItem> DueNext { get; init; } = [];

    public IReadOnlyList<WorkItem> LatestChanges { get; init; } = [];
}
