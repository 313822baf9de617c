namespace Township.Modules.Organisations;

/// <summary>Pushed to <c>org:{id}</c>: its name, text or way of joining has changed.</summary>
internal sealed record OrganisationUpdated(string OrganisationId);
