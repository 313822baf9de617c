namespace Township.Modules.Projects;

/// <summary>The figures of a project: cheap to show, dear to compute, so computed in a job and kept.</summary>
internal sealed record ProjectStatistics
{
    public long ToDo { get; init; }

    public long Doing { get; init; }

    public long Done { get; init; }

    public long Overdue { get; init; }

    /// <summary>Days from creation to done, on average; null where nothing is done yet.</summary>
    public double? AverageDays { get; init; }

    /// <summary>The last 30 days, oldest first, today last.</summary>
    public IReadOnlyList<DayCount> Days { get; init; } = [];

    /// <summary>Busiest first, at most 12; what nobody has taken comes last.</summary>
    public IReadOnlyList<AssigneeCount> Assignees { get; init; } = [];

    public long ComputedAt { get; init; }

    public long Total => ToDo + Doing + Done;

    public long PercentDone => Total == 0 ? 0 : Done * 100 / Total;
}
