namespace Township.Modules.Projects;

/// <summary>A job: tells an organisation's members of a new project.</summary>
internal sealed record AnnounceProject(string ProjectId)
{
    public const string JobName = "project.announce";
}
