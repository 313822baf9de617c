using Township.Modules.Accounts;
using Township.Modules.Home;
using Township.Modules.Notifications;

namespace Township.Platform;

/// <summary>What Township consists of.</summary>
internal static class TownshipModules
{
    public static IReadOnlyList<ITownshipModule> All { get; } =
    [
        new AccountsModule(),
        new NotificationsModule(),
        new HomeModule(),
    ];
}
