using Township.Platform.Identity;

namespace Township.Modules.Accounts.Links;

/// <summary>Links that prove who reads a mailbox: random, single-use, expiring, and known to the database by hash only.</summary>
internal sealed class AccountLinks(Database database, TimeProvider time)
{
    public static readonly TimeSpan ConfirmationLifetime = TimeSpan.FromDays(2);
    public static readonly TimeSpan ResetLifetime = TimeSpan.FromHours(1);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Makes a new link's token. Earlier ones of the same purpose stay valid: mails may overtake each other.</summary>
    public async Task<string> CreateAsync(string userId, string purpose, CancellationToken cancellationToken)
    {
        var token = SecretToken.Create();
        var lifetime = purpose == LinkPurpose.ConfirmEmail ? ConfirmationLifetime : ResetLifetime;
        await database.ExecuteAsync(
            "insert into account_links (token_hash, user_id, purpose, expires_at) values (@hash, @userId, @purpose, @expires)",
            new { hash = SecretToken.Hash(token), userId, purpose, expires = Now + (long)lifetime.TotalMilliseconds },
            cancellationToken);
        return token;
    }

    /// <summary>Whether the link would still work; changes nothing.</summary>
    public async Task<bool> IsValidAsync(string? token, string purpose, CancellationToken cancellationToken) =>
        SecretToken.Hash(token) is { } hash
        && await database.ScalarAsync<long>(
            """
            select count(*) from account_links
            where token_hash = @hash and purpose = @purpose and used_at is null and expires_at > @now
            """,
            new { hash, purpose, now = Now },
            cancellationToken) > 0;

    /// <summary>
    /// Uses the link up, with every other one of its purpose and user, and returns the user's id; null when it is unknown, used
    /// or expired. Of two that try together, one succeeds.
    /// </summary>
    public async Task<string?> UseAsync(
        ISql sql, string? token, string purpose, CancellationToken cancellationToken)
    {
        if (SecretToken.Hash(token) is not { } hash)
        {
            return null;
        }

        var now = Now;
        var userId = await sql.FindAsync<string>(
            """
            update account_links set used_at = @now
            where token_hash = @hash and purpose = @purpose and used_at is null and expires_at > @now
            returning user_id
            """,
            new { hash, purpose, now },
            cancellationToken);
        if (userId is not null)
        {
            await sql.ExecuteAsync(
                "update account_links set used_at = @now where user_id = @userId and purpose = @purpose and used_at is null",
                new { userId, purpose, now },
                cancellationToken);
        }

        return userId;
    }

    /// <summary>Deletes links that can no longer be used.</summary>
    public Task<int> DeleteExpiredAsync(CancellationToken cancellationToken) =>
        database.ExecuteAsync("delete from account_links where expires_at <= @now", new { now = Now }, cancellationToken);
}
