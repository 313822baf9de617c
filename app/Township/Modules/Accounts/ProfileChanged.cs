namespace Township.Modules.Accounts;

/// <summary>Something about the user that is shown or decided on has changed: name, role, profile, preferences.</summary>
internal sealed record ProfileChanged(string UserId);
