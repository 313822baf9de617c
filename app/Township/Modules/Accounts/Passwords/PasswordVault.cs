using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Township.Modules.Accounts.Passwords;

/// <summary>Hashes and checks passwords: PBKDF2 with HMAC-SHA512. Checking takes as long for an unknown account as for a known one.</summary>
internal sealed class PasswordVault
{
    // OWASP's figure for PBKDF2-HMAC-SHA512.
    private const int Iterations = 210_000;
    private static readonly object NoUser = new();
    private readonly PasswordHasher<object> _hasher =
        new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));

    private readonly string _decoy;

    public PasswordVault() => _decoy = Hash("nobody has this password");

    public string Hash(string password) => _hasher.HashPassword(NoUser, password);

    /// <summary>Whether the password is the one hashed; false for a null hash, after the same work.</summary>
    public bool Verify(string? hash, string password)
    {
        var given = password.Length <= PasswordRules.MaximumLength ? password : "";
        var result = _hasher.VerifyHashedPassword(NoUser, hash ?? _decoy, given);
        return hash is not null && given.Length > 0 && result is not PasswordVerificationResult.Failed;
    }
}
