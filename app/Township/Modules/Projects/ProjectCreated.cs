namespace Township.Modules.Projects;

/// <summary>Pushed to <c>org:{id}</c>: the organisation has a new project.</summary>
internal sealed record ProjectCreated(string ProjectId, string OrganisationId, string Name);
