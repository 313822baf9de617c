namespace Township.Modules.Seed;

/// <summary>The example town.</summary>
internal sealed class SeedModule : ITownshipModule
{
    public string Name => "Seed";

    public void AddServices(IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<SeedSettings>().BindConfiguration(SeedSettings.Section).ValidateOnStart();
        builder.Services.AddSingleton<ISeeder, TownSeeder>();
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints)
    {
    }
}
