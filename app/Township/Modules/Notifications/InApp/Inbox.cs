using Millrace.Caching;
using Millrace.Realtime;
using Township.Modules.Accounts;

namespace Township.Modules.Notifications.InApp;

/// <summary>A user's notifications in the application: the unread count from the cache, changes told to the user's open windows.</summary>
internal sealed class Inbox(NotificationStore store, Cache cache, ChannelClient channels)
{
    public async Task AddAsync(Notification notification, CancellationToken cancellationToken)
    {
        if (await store.AddAsync(notification, cancellationToken))
        {
            await ChangedAsync(notification.UserId, notification, cancellationToken);
        }
    }

    public Task<IReadOnlyList<Notification>> ListAsync(
        string userId, string? before, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(userId, before, limit, cancellationToken);

    public ValueTask<long> CountUnreadAsync(string userId, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            NotificationsCache.UnreadKey(userId),
            (store, userId),
            static async (state, token) => await state.store.CountUnreadAsync(state.userId, token),
            NotificationsCache.Unread,
            cancellationToken: cancellationToken);

    /// <summary>Marks one (all, with <paramref name="id"/> null) as read.</summary>
    public async Task ReadAsync(string userId, string? id, CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(userId, id, cancellationToken) > 0)
        {
            await ChangedAsync(userId, null, cancellationToken);
        }
    }

    private async Task ChangedAsync(string userId, Notification? added, CancellationToken cancellationToken)
    {
        await cache.InvalidateAsync(new InboxChanged(userId, 0), cancellationToken);
        var unread = await CountUnreadAsync(userId, cancellationToken);
        await channels.PublishAsync(
            AccountsChannels.User(userId), new InboxChanged(userId, unread, added?.Title, added?.Link), cancellationToken);
    }
}
