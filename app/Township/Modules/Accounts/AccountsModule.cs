namespace Township.Modules.Accounts;

/// <summary>Registration, sessions, tokens, profiles and preferences.</summary>
internal sealed class AccountsModule : ITownshipModule
{
    public string Name => "Accounts";

    public void AddServices(IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<UserDirectory>();
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints)
    {
    }
}
