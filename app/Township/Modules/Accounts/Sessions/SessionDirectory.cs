using Millrace.Caching;
using Township.Platform.Identity;

namespace Township.Modules.Accounts.Sessions;

/// <summary>Sessions by token and by id, through the cache: believed for ten minutes, and dropped the moment they end.</summary>
internal sealed class SessionDirectory(SessionStore store, Cache cache, LiveSessions live)
{
    /// <summary>Begins a session and returns its id and the token for its cookie.</summary>
    public async Task<(string Id, string Token)> BeginAsync(string userId, string device, CancellationToken cancellationToken)
    {
        var begun = await store.CreateAsync(userId, device, cancellationToken);
        await EndedAsync(await store.EndSurplusAsync(userId, cancellationToken));
        return begun;
    }

    /// <summary>The session that a cookie's token opens; null when it opens none.</summary>
    public ValueTask<Session?> FindByTokenAsync(string? token, CancellationToken cancellationToken) =>
        SecretToken.Hash(token) is { } hash
            ? cache.GetOrCreateAsync(
                AccountsCache.SessionKey(hash),
                (Store: store, hash),
                static async (state, cancel) => await state.Store.UseAsync(state.hash, cancel),
                AccountsCache.Session,
                cancellationToken: cancellationToken)
            : default;

    /// <summary>The session of that id, which a bearer token names; null when it is over.</summary>
    public ValueTask<Session?> FindAsync(string id, CancellationToken cancellationToken) =>
        NewId.IsWellFormed(id)
            ? cache.GetOrCreateAsync(
                AccountsCache.SessionIdKey(id),
                (Store: store, id),
                static async (state, cancel) => await state.Store.FindAsync(state.id, cancel),
                AccountsCache.Session,
                cancellationToken: cancellationToken)
            : default;

    public Task<IReadOnlyList<SessionSummary>> ListAsync(string userId, CancellationToken cancellationToken) =>
        store.ListAsync(userId, cancellationToken);

    /// <summary>Ends one session of the user (all, with <paramref name="id"/> null), except one; at once. Returns how many ended.</summary>
    public async Task<int> EndAsync(string userId, string? id, string? exceptId, CancellationToken cancellationToken)
    {
        var ended = await store.EndAsync(userId, id, exceptId, cancellationToken);
        await EndedAsync(ended);
        return ended.SessionIds.Count;
    }

    // Also when the client has gone: the sessions are deleted, and nobody may go on as if they were not.
    private async Task EndedAsync(SessionsEnded ended)
    {
        await cache.InvalidateAsync(ended, CancellationToken.None);
        live.End(ended.SessionIds);
    }
}
