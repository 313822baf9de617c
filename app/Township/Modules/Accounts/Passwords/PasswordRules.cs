namespace Township.Modules.Accounts.Passwords;

/// <summary>What a password must be: long, as NIST SP 800-63B advises, rather than decorated.</summary>
internal static class PasswordRules
{
    public const int MinimumLength = 10;
    public const int MaximumLength = 128;
    public const string Message = "A password has 10 to 128 characters.";
}
