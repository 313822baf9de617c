namespace Millrace.Caching.Sessions;

/// <summary>Where sessions are: each operation is one atomic step in one place, which is a user's.</summary>
internal abstract class SessionStore : IAsyncDisposable
{
    /// <summary>Whether what it says now may be remembered for a while; false where asking again costs nothing.</summary>
    public abstract bool MayRemember { get; }

    /// <summary>Is called with the id of a session that ended or changed; with null when that may have happened to any. Set by its one user.</summary>
    public Action<string?>? Changed { get; set; }

    /// <summary>Begins a session; the user's oldest ones end where there would be too many.</summary>
    /// <returns>The session, and the ids of those that ended.</returns>
    public abstract ValueTask<(SessionRecord Session, IReadOnlyList<string> Ended)> CreateAsync(
        SessionToken token, string userId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>A session that is alive, noting that it was seen; null when it is not. With the milliseconds it has to live.</summary>
    public abstract ValueTask<(SessionRecord Session, long Left)?> ValidateAsync(SessionToken token, CancellationToken cancellationToken);

    /// <summary>A user's sessions that are alive.</summary>
    public abstract ValueTask<IReadOnlyList<SessionRecord>> ListAsync(string place, CancellationToken cancellationToken);

    /// <summary>Ends a session.</summary>
    /// <returns>Its id, when it was alive.</returns>
    public abstract ValueTask<IReadOnlyList<string>> RevokeAsync(string place, string id, CancellationToken cancellationToken);

    /// <summary>Ends all of a user's sessions but one; null: all.</summary>
    /// <returns>The ids of those that were alive.</returns>
    public abstract ValueTask<IReadOnlyList<string>> RevokeOthersAsync(string place, string? exceptId, CancellationToken cancellationToken);

    /// <summary>Replaces a session's data; false when it is not alive.</summary>
    public abstract ValueTask<bool> SetDataAsync(SessionToken token, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}
