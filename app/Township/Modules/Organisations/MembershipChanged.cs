namespace Township.Modules.Organisations;

/// <summary>Somebody joined or left an organisation, or has another role there.</summary>
internal sealed record MembershipChanged(string OrganisationId, string UserId);
