namespace Township.Modules.Projects;

/// <summary>A job: computes a project's figures anew and pushes them to whoever watches.</summary>
internal sealed record RefreshStatistics(string ProjectId)
{
    public const string JobName = "project.statistics";
}
