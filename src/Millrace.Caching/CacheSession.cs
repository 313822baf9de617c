namespace Millrace.Caching;

/// <summary>A session that was alive when it was asked for. Immutable, safe for concurrent use.</summary>
public sealed class CacheSession
{
    internal CacheSession(string id, string userId, DateTimeOffset createdAt, DateTimeOffset lastSeenAt, DateTimeOffset expiresAt, ReadOnlyMemory<byte> data) =>
        (Id, UserId, CreatedAt, LastSeenAt, ExpiresAt, Data) = (id, userId, createdAt, lastSeenAt, expiresAt, data);

    /// <summary>Its name, to be shown and to be revoked by: the SHA-256 of its token, 43 characters. No secret; nobody can make the token of it.</summary>
    public string Id { get; }

    /// <summary>Whose it is.</summary>
    public string UserId { get; }

    /// <summary>When it began, by the server's clock.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>When the server saw it last; behind by up to <see cref="SessionCacheOptions.ValidationLifetime"/>.</summary>
    public DateTimeOffset LastSeenAt { get; }

    /// <summary>When it expires, should nobody use it until then.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>The application's own data; empty when there is none. Not to be changed.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
