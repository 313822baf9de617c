using Millrace.Realtime;

namespace Township.Modules.Accounts;

/// <summary>The channel of one user: only that user's own devices may listen.</summary>
internal static class AccountsChannels
{
    public static string User(string userId) => $"user:{userId}";

    public static void AddAccountsChannels(this IServiceCollection services) =>
        services.AddMillraceRealtime()
            .AddChannel("user:{id}", channel => channel.Authorize(access => access.UserId == access["id"]));
}
