using System.Data.Common;

namespace Township.Modules.Accounts;

/// <summary>The SQL of users. Reads that pages repeat go through <see cref="Profiles"/> and <see cref="UserDirectory"/>.</summary>
internal sealed class AccountsStore(Database database, TimeProvider time)
{
    private const string AccountColumns =
        "id, email, name, password_hash as PasswordHash, role, confirmed_at as ConfirmedAt";

    private const string ProfileColumns =
        """
        id, name, email, role, bio, language, time_zone as TimeZone, notify_in_app as NotifyInApp,
        notify_by_email as NotifyByEmail, daily_digest as DailyDigest, confirmed_at is not null as Confirmed,
        created_at as CreatedAt
        """;

    public static string EmailKey(string email) => email.Trim().ToLowerInvariant();

    public Task<Account?> FindByEmailAsync(string email, CancellationToken cancellationToken) =>
        database.FindAsync<Account>(
            $"select {AccountColumns} from users where email_key = @key", new { key = EmailKey(email) }, cancellationToken);

    public Task<Account?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.FindAsync<Account>($"select {AccountColumns} from users where id = @id", new { id }, cancellationToken);

    public Task<Profile?> FindProfileAsync(string id, CancellationToken cancellationToken) =>
        database.FindAsync<Profile>($"select {ProfileColumns} from users where id = @id", new { id }, cancellationToken);

    /// <summary>Creates an unconfirmed resident and returns the id; null when the address is taken.</summary>
    public async Task<string?> CreateAsync(string name, string email, string passwordHash, CancellationToken cancellationToken)
    {
        var user = new NewUser
        {
            Id = NewId.Create(time),
            Name = name.Trim(),
            Email = email.Trim(),
            PasswordHash = passwordHash,
            CreatedAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        try
        {
            await InsertAsync(database, [user], cancellationToken);
            return user.Id;
        }
        catch (DbException exception) when (Database.IsUniqueViolation(exception))
        {
            return null;
        }
    }

    /// <summary>Inserts users as they are; also for seeding, inside its transaction.</summary>
    public static Task InsertAsync(ISql sql, IReadOnlyList<NewUser> users, CancellationToken cancellationToken) =>
        sql.ExecuteAsync(
            """
            insert into users (id, email, email_key, name, password_hash, role, bio, time_zone, confirmed_at, created_at)
            values (@Id, @Email, @EmailKey, @Name, @PasswordHash, @Role, @Bio, @TimeZone, @ConfirmedAt, @CreatedAt)
            """,
            users,
            cancellationToken);

    public Task ConfirmAsync(ISql sql, string id, CancellationToken cancellationToken) =>
        sql.ExecuteAsync(
            "update users set confirmed_at = @now where id = @id and confirmed_at is null",
            new { id, now = time.GetUtcNow().ToUnixTimeMilliseconds() },
            cancellationToken);

    public static Task SetPasswordAsync(ISql sql, string id, string passwordHash, CancellationToken cancellationToken) =>
        sql.ExecuteAsync(
            "update users set password_hash = @passwordHash where id = @id", new { id, passwordHash }, cancellationToken);

    public Task SetProfileAsync(string id, string name, string bio, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            "update users set name = @name, bio = @bio where id = @id",
            new { id, name = name.Trim(), bio = bio.Trim() },
            cancellationToken);

    public Task SetPreferencesAsync(Profile profile, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            update users set language = @Language, time_zone = @TimeZone, notify_in_app = @NotifyInApp,
              notify_by_email = @NotifyByEmail, daily_digest = @DailyDigest
            where id = @Id
            """,
            profile,
            cancellationToken);
}
