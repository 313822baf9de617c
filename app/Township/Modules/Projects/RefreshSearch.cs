namespace Township.Modules.Projects;

/// <summary>A job: brings the search index up to date with one project, task or organisation.</summary>
internal sealed record RefreshSearch(string Kind, string Id)
{
    public const string JobName = "search.refresh";
    public const string Task = "task";
    public const string Project = "project";
    public const string Organisation = "organisation";
}
