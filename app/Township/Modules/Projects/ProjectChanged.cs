namespace Township.Modules.Projects;

/// <summary>A project was created or edited.</summary>
internal sealed record ProjectChanged(string ProjectId, string OrganisationId, bool IsNew);
