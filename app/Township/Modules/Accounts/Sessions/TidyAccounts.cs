namespace Township.Modules.Accounts.Sessions;

/// <summary>Job <c>tidy-accounts</c>: deletes sessions and links that are over.</summary>
internal sealed record TidyAccounts;
