using Township.Platform.Identity;

namespace Township.Modules.Accounts.Sessions;

/// <summary>The SQL of sessions. Requests go through <see cref="SessionDirectory"/>, which caches.</summary>
internal sealed class SessionStore(Database database, TimeProvider time)
{
    /// <summary>A session ends so long after it was last used.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    /// <summary>So many sessions one user may have; the oldest ends when another begins.</summary>
    public const int MaximumPerUser = 50;

    private const string Columns =
        """
        s.id, s.user_id as UserId, u.role, s.seen_at as SeenAt, s.expires_at as ExpiresAt
        from sessions s join users u on u.id = s.user_id
        """;

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Begins a session and returns its id and its secret token, which is stored nowhere.</summary>
    public async Task<(string Id, string Token)> CreateAsync(string userId, string device, CancellationToken cancellationToken)
    {
        var (id, token) = (NewId.Create(time), SecretToken.Create());
        var now = Now;
        await database.ExecuteAsync(
            """
            insert into sessions (id, token_hash, user_id, device, created_at, seen_at, expires_at)
            values (@id, @hash, @userId, @device, @now, @now, @expires)
            """,
            new
            {
                id,
                hash = SecretToken.Hash(token),
                userId,
                device,
                now,
                expires = now + (long)Lifetime.TotalMilliseconds,
            },
            cancellationToken);
        return (id, token);
    }

    /// <summary>The live session of a token, its use noted: it slides.</summary>
    public async Task<Session?> UseAsync(string tokenHash, CancellationToken cancellationToken)
    {
        var now = Now;
        var used = await database.ExecuteAsync(
            "update sessions set seen_at = @now, expires_at = @expires where token_hash = @tokenHash and expires_at > @now",
            new { tokenHash, now, expires = now + (long)Lifetime.TotalMilliseconds },
            cancellationToken);
        return used == 0
            ? null
            : await database.FindAsync<Session>(
                $"select {Columns} where s.token_hash = @tokenHash", new { tokenHash }, cancellationToken);
    }

    public Task<Session?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.FindAsync<Session>(
            $"select {Columns} where s.id = @id and s.expires_at > @now", new { id, now = Now }, cancellationToken);

    public Task<IReadOnlyList<SessionSummary>> ListAsync(string userId, CancellationToken cancellationToken) =>
        database.QueryAsync<SessionSummary>(
            """
            select id, device, created_at as CreatedAt, seen_at as SeenAt from sessions
            where user_id = @userId and expires_at > @now order by seen_at desc, id limit 50
            """,
            new { userId, now = Now },
            cancellationToken);

    /// <summary>Deletes one session of the user (any, with <paramref name="id"/> null), except one, and says which are gone.</summary>
    public async Task<SessionsEnded> EndAsync(
        string userId, string? id, string? exceptId, CancellationToken cancellationToken) =>
        Ended(await database.QueryAsync<EndedRow>(
            """
            delete from sessions
            where user_id = @userId and (@anyId or id = @id) and id <> @exceptId
            returning id, token_hash as TokenHash
            """,
            new { userId, id = id ?? "", anyId = id is null, exceptId = exceptId ?? "" },
            cancellationToken));

    /// <summary>Deletes the user's oldest sessions beyond <see cref="MaximumPerUser"/>.</summary>
    public async Task<SessionsEnded> EndSurplusAsync(string userId, CancellationToken cancellationToken) =>
        Ended(await database.QueryAsync<EndedRow>(
            """
            delete from sessions where id in (
              select id from sessions where user_id = @userId order by seen_at desc, id desc limit 1000 offset @keep)
            returning id, token_hash as TokenHash
            """,
            new { userId, keep = (long)MaximumPerUser },
            cancellationToken));

    /// <summary>Deletes sessions that are over; they were refused already.</summary>
    public Task<int> DeleteExpiredAsync(CancellationToken cancellationToken) =>
        database.ExecuteAsync("delete from sessions where expires_at <= @now", new { now = Now }, cancellationToken);

    private static SessionsEnded Ended(IReadOnlyList<EndedRow> rows) =>
        new([.. rows.Select(row => row.TokenHash)], [.. rows.Select(row => row.Id)]);

    private sealed record EndedRow
    {
        public string Id { get; init; } = "";

        public string TokenHash { get; init; } = "";
    }
}
