namespace Township.Modules.Accounts;

/// <summary>Looks users up for other modules.</summary>
internal sealed class UserDirectory(Database database)
{
    /// <summary>The user, or null where there is none of that id.</summary>
    public async ValueTask<UserCard?> FindAsync(string id, CancellationToken cancellationToken) =>
        await database.FindAsync<UserCard>("select id, name from users where id = @id", new { id }, cancellationToken);

    /// <summary>The users of those ids that exist, by id. At most 500 ids at once.</summary>
    public async ValueTask<IReadOnlyDictionary<string, UserCard>> FindManyAsync(
        IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count > 500)
        {
            throw new ArgumentException($"{ids.Count} ids asked for at once; the limit is 500.", nameof(ids));
        }

        if (ids.Count == 0)
        {
            return new Dictionary<string, UserCard>();
        }

        var rows = await database.QueryAsync<UserCard>(
            "select id, name from users where id in @ids", new { ids = ids.Distinct().ToArray() }, cancellationToken);
        return rows.ToDictionary(card => card.Id);
    }
}
