using Millrace.Caching;

namespace Township.Modules.Notifications;

/// <summary>Keys, lifetimes and rules of what Notifications caches.</summary>
internal static class NotificationsCache
{
    public static readonly CachePolicy Template = new("EmailTemplate", TimeSpan.FromHours(1)) { Immutable = true };

    public static readonly CachePolicy Unread = new("UnreadNotifications", TimeSpan.FromHours(1));

    public static string TemplateKey(string name) => $"email-template:{name}";

    public static string UnreadKey(string userId) => $"unread:{userId}";

    public static void AddNotificationsCache(this IServiceCollection services) =>
        services.AddMillraceCache().InvalidateOn<InboxChanged>(rule => rule.Key(change => UnreadKey(change.UserId)));
}
