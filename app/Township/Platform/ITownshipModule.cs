namespace Township.Platform;

/// <summary>
/// One module of Township: a folder under Modules/ with its pages, endpoints, store, jobs, cache rules and channels. Listed in
/// <see cref="TownshipModules.All"/>; the order there is the order of migrations and seeders.
/// </summary>
internal interface ITownshipModule
{
    /// <summary>The folder's name; also the name its migrations are recorded under.</summary>
    string Name { get; }

    /// <summary>Registers the module's services.</summary>
    void AddServices(IHostApplicationBuilder builder);

    /// <summary>Maps the module's API, under <c>/api/…</c>. Pages are found by Razor.</summary>
    void MapEndpoints(IEndpointRouteBuilder endpoints);
}
