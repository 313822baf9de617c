using Millrace.Caching;
using Township.Modules.Accounts.Sessions;

namespace Township.Modules.Accounts;

/// <summary>Keys, lifetimes and rules of what Accounts caches.</summary>
internal static class AccountsCache
{
    /// <summary>A session is believed for ten minutes before the database is asked again; its end drops it at once.</summary>
    public static readonly CachePolicy Session = new("Session", TimeSpan.FromMinutes(10)) { Immutable = true };

    public static readonly CachePolicy User = new("User", TimeSpan.FromHours(1)) { Immutable = true };

    public static string SessionKey(string tokenHash) => $"session:{tokenHash}";

    public static string SessionIdKey(string id) => $"session-id:{id}";

    public static string ProfileKey(string userId) => $"profile:{userId}";

    public static string CardKey(string userId) => $"user-card:{userId}";

    /// <summary>Everything cached that shows this user; other modules may tag with it.</summary>
    public static string UserTag(string userId) => $"user:{userId}";

    public static void AddAccountsCache(this IServiceCollection services) =>
        services.AddMillraceCache()
            .InvalidateOn<ProfileChanged>(rule => rule
                .Keys(change => [ProfileKey(change.UserId), CardKey(change.UserId)])
                .Tag(change => UserTag(change.UserId)))
            .InvalidateOn<SessionsEnded>(rule => rule
                .Keys(ended => ended.TokenHashes.Select(SessionKey).Concat(ended.SessionIds.Select(SessionIdKey))));
}
