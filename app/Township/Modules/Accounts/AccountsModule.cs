using Microsoft.AspNetCore.SignalR;
using Township.Modules.Accounts.Links;
using Township.Modules.Accounts.Passwords;
using Township.Modules.Accounts.Sessions;
using Township.Platform.Identity;

namespace Township.Modules.Accounts;

/// <summary>Registration, sessions, tokens, profiles and preferences.</summary>
internal sealed class AccountsModule : ITownshipModule
{
    public string Name => "Accounts";

    public void AddServices(IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddTownshipAuthentication();
        services.AddSingleton(provider => SigningKey.LoadOrCreate(provider.GetRequiredService<DataDirectory>()));
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<AttemptLimiter>();
        services.AddSingleton<PasswordVault>();
        services.AddSingleton<AccountsStore>();
        services.AddSingleton<AccountLinks>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<SessionDirectory>();
        services.AddSingleton<LiveSessions>();
        services.Configure<HubOptions>(static hub => hub.AddFilter<LiveSessions>());
        services.AddSingleton<Profiles>();
        services.AddSingleton<UserDirectory>();
        services.AddSingleton<AccountDesk>();
        services.AddSingleton<DemoAccounts>();
        services.AddSingleton<ISeeder>(provider => provider.GetRequiredService<DemoAccounts>());
        services.AddAccountsCache();
        services.AddAccountsChannels();
        services.AddAccountsJobs();
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints) => endpoints.MapAccounts();
}
