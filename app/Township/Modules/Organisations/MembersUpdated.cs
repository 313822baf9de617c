namespace Township.Modules.Organisations;

/// <summary>Pushed to <c>org:{id}</c>: somebody joined or left, or has another role.</summary>
internal sealed record MembersUpdated(string OrganisationId);
