namespace Township.Modules.Organisations;

/// <summary>Organisations and who belongs to them.</summary>
internal sealed class OrganisationsModule : ITownshipModule
{
    public string Name => "Organisations";

    public void AddServices(IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OrganisationStore>();
        builder.Services.AddSingleton<OrganisationReads>();
        builder.Services.AddSingleton<OrganisationWrites>();
        builder.Services.AddOrganisationsCache();
        builder.Services.AddOrganisationsChannels();
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints) => OrganisationEndpoints.Map(endpoints);
}
