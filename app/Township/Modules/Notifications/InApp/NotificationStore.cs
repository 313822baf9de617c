namespace Township.Modules.Notifications.InApp;

/// <summary>The SQL of notifications.</summary>
internal sealed class NotificationStore(Database database, TimeProvider time)
{
    /// <summary>So many are kept per user; older ones give way.</summary>
    public const int MaximumPerUser = 200;

    private const string Columns =
        "id, user_id as UserId, kind, title, body, link, created_at as CreatedAt, read_at as ReadAt";

    /// <summary>False when it was there already.</summary>
    public Task<bool> AddAsync(Notification notification, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async sql =>
            {
                var added = await sql.ExecuteAsync(
                    """
                    insert into notifications (id, user_id, kind, title, body, link, created_at)
                    values (@Id, @UserId, @Kind, @Title, @Body, @Link, @CreatedAt)
                    on conflict (id) do nothing
                    """,
                    notification,
                    cancellationToken);
                await sql.ExecuteAsync(
                    """
                    delete from notifications where id in (
                      select id from notifications where user_id = @userId order by id desc limit 1000 offset @keep)
                    """,
                    new { userId = notification.UserId, keep = (long)MaximumPerUser },
                    cancellationToken);
                return added > 0;
            },
            cancellationToken);

    /// <summary>The newest first; <paramref name="before"/> is the last id of the page before, or null.</summary>
    public Task<IReadOnlyList<Notification>> ListAsync(
        string userId, string? before, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<Notification>(
            $"select {Columns} from notifications where user_id = @userId and id < @before order by id desc limit @limit",
            new { userId, before = before ?? "~", limit = (long)limit },
            cancellationToken);

    public Task<long> CountUnreadAsync(string userId, CancellationToken cancellationToken) =>
        database.ScalarAsync<long>(
            "select count(*) from notifications where user_id = @userId and read_at is null", new { userId }, cancellationToken);

    public Task<IReadOnlyList<Notification>> ListUnreadSinceAsync(
        string userId, long since, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<Notification>(
            $"""
            select {Columns} from notifications
            where user_id = @userId and read_at is null and created_at >= @since order by id desc limit @limit
            """,
            new { userId, since, limit = (long)limit },
            cancellationToken);

    /// <summary>Marks one (all, with <paramref name="id"/> null) as read; returns how many were not.</summary>
    public Task<int> ReadAsync(string userId, string? id, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            "update notifications set read_at = @now where user_id = @userId and read_at is null and (@all or id = @id)",
            new { userId, id = id ?? "", all = id is null, now = time.GetUtcNow().ToUnixTimeMilliseconds() },
            cancellationToken);
}
