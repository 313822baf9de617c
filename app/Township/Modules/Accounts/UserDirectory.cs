using Millrace.Caching;

namespace Township.Modules.Accounts;

/// <summary>
/// Looks users up for other modules, through the cache. What shows people's names keeps their ids and asks here for the names
/// when it is read, so that a new name is seen everywhere at once and nothing else that is kept has to go for it.
/// </summary>
internal sealed class UserDirectory(Database database, Cache cache)
{
    /// <summary>The user, or null where there is none of that id.</summary>
    public ValueTask<UserCard?> FindAsync(string id, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            AccountsCache.CardKey(id),
            (database, id),
            static async (state, token) => await state.database.FindAsync<UserCard>(
                "select id, name from users where id = @id", new { state.id }, token),
            AccountsCache.User,
            [AccountsCache.UserTag(id)],
            cancellationToken);

    /// <summary>What the user is called; empty where there is none of that id.</summary>
    public async ValueTask<string> NameAsync(string id, CancellationToken cancellationToken) =>
        (await FindAsync(id, cancellationToken))?.Name ?? "";

    /// <summary>The users of those ids that exist, by id; at most 500 ids. One statement for all that the cache does not hold.</summary>
    public async ValueTask<IReadOnlyDictionary<string, UserCard>> FindManyAsync(
        IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count > 500)
        {
            throw new ArgumentException($"{ids.Count} ids asked for at once; the limit is 500.", nameof(ids));
        }

        var found = new Dictionary<string, UserCard>();
        var missing = new List<string>();
        foreach (var id in ids.Distinct())
        {
            if (!cache.TryGet<UserCard?>(AccountsCache.CardKey(id), out var card))
            {
                missing.Add(id);
            }
            else if (card is not null)
            {
                found.Add(id, card);
            }
        }

        if (missing.Count > 0)
        {
            foreach (var card in await LoadAsync(missing, cancellationToken))
            {
                found.TryAdd(card.Id, card);
            }
        }

        return found;
    }

    // Every id's flight begins before the one statement does, so that an invalidation meanwhile is seen by each of them.
    private async Task<IReadOnlyList<UserCard>> LoadAsync(List<string> ids, CancellationToken cancellationToken)
    {
        var batch = new TaskCompletionSource<Dictionary<string, UserCard>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var flights = ids.ConvertAll(id => cache.GetOrCreateAsync(
            AccountsCache.CardKey(id),
            (batch, id),
            static async (state, token) => (await state.batch.Task.WaitAsync(token)).GetValueOrDefault(state.id),
            AccountsCache.User,
            [AccountsCache.UserTag(id)],
            cancellationToken).AsTask());
        try
        {
            var rows = await database.QueryAsync<UserCard>(
                "select id, name from users where id in @ids", new { ids }, cancellationToken);
            batch.SetResult(rows.ToDictionary(card => card.Id));
        }
        catch (Exception exception)
        {
            batch.SetException(exception); // every flight throws it, and so do we below
        }

        return [.. (await Task.WhenAll(flights)).OfType<UserCard>()];
    }
}
