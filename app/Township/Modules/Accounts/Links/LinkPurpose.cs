namespace Township.Modules.Accounts.Links;

/// <summary>What a link sent by e-mail is for; the column <c>account_links.purpose</c>.</summary>
internal static class LinkPurpose
{
    public const string ConfirmEmail = "confirm-email";
    public const string ResetPassword = "reset-password";
}
