using Millrace.Caching;
using Millrace.Realtime;

namespace Township.Modules.Accounts;

/// <summary>Profiles, read through the cache; every change drops what it makes stale and tells the user's other windows.</summary>
internal sealed class Profiles(AccountsStore store, Cache cache, ChannelClient channels)
{
    // What follows a committed write happens also when the client has gone.
    private static readonly CancellationToken Committed = CancellationToken.None;

    /// <summary>The user's profile and preferences; null where there is no such user.</summary>
    public ValueTask<Profile?> FindAsync(string id, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            AccountsCache.ProfileKey(id),
            (store, id),
            static async (state, token) => await state.store.FindProfileAsync(state.id, token),
            AccountsCache.User,
            [AccountsCache.UserTag(id)],
            cancellationToken);

    public async Task SetProfileAsync(string id, string name, string bio, CancellationToken cancellationToken)
    {
        await store.SetProfileAsync(id, name, bio, cancellationToken);
        await ChangedAsync(id, Committed);
    }

    public async Task SetPreferencesAsync(Profile profile, CancellationToken cancellationToken)
    {
        await store.SetPreferencesAsync(profile, cancellationToken);
        await ChangedAsync(profile.Id, Committed);
    }

    /// <summary>To be called after every change of a user's row.</summary>
    public async ValueTask ChangedAsync(string id, CancellationToken cancellationToken)
    {
        var change = new ProfileChanged(id);
        await cache.InvalidateAsync(change, cancellationToken);
        await channels.PublishAsync(AccountsChannels.User(id), change, cancellationToken);
    }
}
