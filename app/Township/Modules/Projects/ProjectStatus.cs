namespace Township.Modules.Projects;

/// <summary>Where a project stands, as stored and as sent.</summary>
internal static class ProjectStatus
{
    public const string Active = "active";
    public const string Paused = "paused";
    public const string Completed = "completed";

    public static readonly string[] All = [Active, Paused, Completed];
}
