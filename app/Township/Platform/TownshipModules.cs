using Township.Modules.Accounts;
using Township.Modules.Home;
using Township.Modules.Notifications;
using Township.Modules.Organisations;
using Township.Modules.Projects;
using Township.Modules.Seed;
using Township.Modules.Voting;

namespace Township.Platform;

/// <summary>What Township consists of.</summary>
internal static class TownshipModules
{
    public static IReadOnlyList<ITownshipModule> All { get; } =
    [
        new AccountsModule(),
        new NotificationsModule(),
        new HomeModule(),
        new OrganisationsModule(),
        new ProjectsModule(),
        new VotingModule(),
        new SeedModule(),
    ];
}
