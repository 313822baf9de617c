namespace Township.Modules.Projects;

/// <summary>Pushed to <c>project:{id}</c>: a task was created or edited. Says what a page needs to know which part to load anew.</summary>
internal sealed record TaskUpdated(string TaskId, string ProjectId, string Title, string Status, bool IsNew);
