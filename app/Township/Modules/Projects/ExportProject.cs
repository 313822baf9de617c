namespace Township.Modules.Projects;

/// <summary>A job: makes one export.</summary>
internal sealed record ExportProject(string ExportId)
{
    public const string JobName = "project.export";
    public const string Queue = "report";
}
