namespace Township.Modules.Projects;

/// <summary>Pushed to <c>project:{id}</c>: the project itself was edited.</summary>
internal sealed record ProjectUpdated(string ProjectId, string Name);
