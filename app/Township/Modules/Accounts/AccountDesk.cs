using Millrace.Jobs;
using Township.Modules.Accounts.Links;
using Township.Modules.Accounts.Passwords;
using Township.Modules.Accounts.Sessions;
using Township.Modules.Notifications;
using Township.Modules.Notifications.Email;

namespace Township.Modules.Accounts;

/// <summary>
/// What people do with their accounts. Answers never tell whether an address has an account: the mailbox's owner learns it by
/// e-mail, which a job writes, so that the time an answer takes tells nothing either.
/// </summary>
internal sealed class AccountDesk(
    Database database,
    AccountsStore store,
    AccountLinks links,
    PasswordVault passwords,
    SessionDirectory sessions,
    Profiles profiles,
    JobClient jobs)
{
    /// <summary>Makes an account that waits for its confirmation, or tells the owner of an existing one by e-mail.</summary>
    public async Task RegisterAsync(string name, string email, string password, CancellationToken cancellationToken)
    {
        var hash = passwords.Hash(password);
        if (await store.CreateAsync(name, email, hash, cancellationToken) is null)
        {
            await ReplaceUnconfirmedAsync(name, email, hash, cancellationToken);
        }

        await jobs.EnqueueAsync(new SendAccountEmail(LinkPurpose.ConfirmEmail, email.Trim()), cancellationToken: cancellationToken);
    }

    /// <summary>Confirms the address that a link was sent to; false when the link is unknown, used or expired.</summary>
    public async Task<bool> ConfirmAsync(string token, CancellationToken cancellationToken)
    {
        var userId = await database.InTransactionAsync(
            async sql =>
            {
                var id = await links.UseAsync(sql, token, LinkPurpose.ConfirmEmail, cancellationToken);
                if (id is not null)
                {
                    await store.ConfirmAsync(sql, id, cancellationToken);
                }

                return id;
            },
            cancellationToken);
        if (userId is null)
        {
            return false;
        }

        await profiles.ChangedAsync(userId, CancellationToken.None);
        await jobs.EnqueueAsync(
            new SendEmail("welcome", userId), options => options.Id($"welcome-{userId}"), cancellationToken);
        await jobs.EnqueueAsync(
            new Notify([userId], "welcome", "Welcome to Township", "Find an organisation near you, or vote on an open question.", "/"),
            options => options.Id($"welcome-note-{userId}"),
            cancellationToken);
        return true;
    }

    /// <summary>The confirmed account whose password this is; null for anything else, after the same work.</summary>
    public async Task<Account?> CheckPasswordAsync(string email, string password, CancellationToken cancellationToken)
    {
        var account = await store.FindByEmailAsync(email, cancellationToken);
        var right = passwords.Verify(account?.PasswordHash, password);
        return right && account is { ConfirmedAt: not null } ? account : null;
    }

    /// <summary>Sends a link to choose a new password, if the address has an account.</summary>
    public async Task RequestResetAsync(string email, CancellationToken cancellationToken) =>
        await jobs.EnqueueAsync(new SendAccountEmail(LinkPurpose.ResetPassword, email.Trim()), cancellationToken: cancellationToken);

    /// <summary>Sets a new password by a link, and ends every session; false when the link is unknown, used or expired.</summary>
    public async Task<bool> ResetPasswordAsync(string token, string password, CancellationToken cancellationToken)
    {
        var hash = passwords.Hash(password);
        var userId = await database.InTransactionAsync(
            async sql =>
            {
                var id = await links.UseAsync(sql, token, LinkPurpose.ResetPassword, cancellationToken);
                if (id is not null)
                {
                    await AccountsStore.SetPasswordAsync(sql, id, hash, cancellationToken);
                }

                return id;
            },
            cancellationToken);
        if (userId is null)
        {
            return false;
        }

        await sessions.EndAsync(userId, null, null, cancellationToken);
        await TellPasswordChangedAsync(userId, cancellationToken);
        return true;
    }

    /// <summary>Sets a new password for a signed-in user, and ends the user's other sessions; false when the old one is wrong.</summary>
    public async Task<bool> ChangePasswordAsync(
        string userId, string? sessionId, string oldPassword, string newPassword, CancellationToken cancellationToken)
    {
        var account = await store.FindAsync(userId, cancellationToken);
        if (!passwords.Verify(account?.PasswordHash, oldPassword))
        {
            return false;
        }

        await AccountsStore.SetPasswordAsync(database, userId, passwords.Hash(newPassword), cancellationToken);
        await sessions.EndAsync(userId, null, sessionId, cancellationToken);
        await TellPasswordChangedAsync(userId, cancellationToken);
        return true;
    }

    private async Task TellPasswordChangedAsync(string userId, CancellationToken cancellationToken) =>
        await jobs.EnqueueAsync(new SendEmail("password-changed", userId), cancellationToken: cancellationToken);

    // Who registers an unconfirmed address again starts over: name and password are the new ones, earlier links end.
    private Task ReplaceUnconfirmedAsync(string name, string email, string hash, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async sql =>
            {
                var id = await sql.FindAsync<string>(
                    """
                    update users set name = @name, password_hash = @hash
                    where email_key = @key and confirmed_at is null returning id
                    """,
                    new { name = name.Trim(), hash, key = AccountsStore.EmailKey(email) },
                    cancellationToken);
                if (id is not null)
                {
                    await sql.ExecuteAsync("delete from account_links where user_id = @id", new { id }, cancellationToken);
                }
            },
            cancellationToken);
}
