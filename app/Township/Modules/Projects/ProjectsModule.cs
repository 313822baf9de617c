using Township.Modules.Home;

namespace Township.Modules.Projects;

/// <summary>Projects, tasks, dashboards, search and exports.</summary>
internal sealed class ProjectsModule : ITownshipModule
{
    public string Name => "Projects";

    public void AddServices(IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ProjectStore>();
        builder.Services.AddSingleton<WorkStore>();
        builder.Services.AddSingleton<SearchStore>();
        builder.Services.AddSingleton<ExportStore>();
        builder.Services.AddSingleton<ProjectReads>();
        builder.Services.AddSingleton<ProjectWrites>();
        builder.Services.AddSingleton<WorkWrites>();
        builder.Services.AddSingleton<Exports>();
        builder.Services.AddSingleton<RefreshQueue>();
        builder.Services.AddSingleton(new HomePanel("/Modules/Projects/Pages/_HomeTasks.cshtml", 10, ForGuests: false));
        builder.Services.AddSingleton(new HomePanel("/Modules/Projects/Pages/_HomeProjects.cshtml", 20, ForGuests: true));
        builder.Services.AddProjectsCache();
        builder.Services.AddProjectsChannels();
        builder.Services.AddProjectsJobs();
    }

    public void MapEndpoints(IEndpointRouteBuilder endpoints) => ProjectEndpoints.Map(endpoints);
}
