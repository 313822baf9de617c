namespace Township.Modules.Accounts.Links;

/// <summary>Job <c>send-account-email</c>: the confirmation or reset mail that someone asked for under this address, if it has an account.</summary>
internal sealed record SendAccountEmail(string Purpose, string Email);
