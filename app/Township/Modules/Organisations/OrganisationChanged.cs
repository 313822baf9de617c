namespace Township.Modules.Organisations;

/// <summary>An organisation was created or edited.</summary>
internal sealed record OrganisationChanged(string OrganisationId, bool IsNew);
