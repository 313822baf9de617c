namespace Township.Modules.Projects;

/// <summary>The classification of a task: what kind of work it is.</summary>
internal static class WorkKinds
{
    public static readonly string[] All = ["On site", "Planning", "Materials", "People", "Money", "Paperwork"];
}
