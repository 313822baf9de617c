using Millrace.Caching;
using Township.Modules.Accounts;
using Township.Modules.Organisations;

namespace Township.Modules.Projects;

/// <summary>How long reads of this module live, what they are called, and which event makes which of them invalid.</summary>
internal static class ProjectCache
{
    public static readonly CachePolicy Detail = new("project-detail", TimeSpan.FromMinutes(30)) { Immutable = true };
    public static readonly CachePolicy Lists = new("project-lists", TimeSpan.FromMinutes(10)) { Immutable = true };
    public static readonly CachePolicy Dashboard = new("project-dashboard", TimeSpan.FromMinutes(5)) { Immutable = true };
    public static readonly CachePolicy Statistics = new("project-statistics", TimeSpan.FromMinutes(15)) { Immutable = true };
    public static readonly CachePolicy Search = new("search", TimeSpan.FromMinutes(20)) { Immutable = true };
    public static readonly CachePolicy Export = new("project-export", TimeSpan.FromMinutes(60)) { Immutable = true };

    /// <summary>Carried by lists of projects that reach over organisations.</summary>
    public const string AllTag = "projects";

    public const string SearchTag = "search";

    /// <summary>Carried by every export that is kept. An export holds the names of any number of people.</summary>
    public const string ExportsTag = "project-exports";

    /// <summary>Carried by everything of one project.</summary>
    public static string Tag(string id) => $"project:{id}";

    public static string TasksTag(string id) => $"project:{id}:tasks";

    public static string OfOrganisationTag(string organisationId) => $"org:{organisationId}:projects";

    public static string DetailKey(string id) => $"project:{id}:detail";

    public static string DashboardKey(string id) => $"project:{id}:dashboard";

    public static string StatisticsKey(string id) => $"project:{id}:stats";

    public static string ExportKey(string id) => $"project:{id}:export";

    public static string TaskKey(string id) => $"task:{id}";

    public static string ResidentTasksKey(string userId) => $"user:{userId}:tasks";

    public static string TasksKey(string id, WorkFilter filter) =>
        $"project:{id}:tasks:{filter.Status ?? "any"}:{filter.AssigneeId ?? "all"}:{filter.Size}:{filter.After}";

    public static string ListKey(ProjectFilter filter) =>
        $"projects:list:{filter.OrganisationId ?? "all"}:{filter.MemberId ?? "all"}:{(filter.WithPrivate ? "members" : "public")}"
        + $":{filter.Status ?? "any"}:{filter.Category ?? "any"}:{filter.Size}:{filter.After}";

    public static string SearchKey(SearchQuery query, string? userId, Cursor after) =>
        $"search:{userId ?? "guest"}:{after}:{string.Join(' ', query.Words)}";

    public static void AddProjectsCache(this IServiceCollection services)
    {
        AddRules(services.AddMillraceCache());

        // Guests' pages, kept whole by output caching.
        services.AddMillraceCache(OrganisationCache.OutputCacheName)
            .InvalidateOn<ProjectChanged>(rule => rule.Tag(_ => AllTag).Tag(_ => OrganisationCache.HomeTag))
            .InvalidateOn<TaskChanged>(rule => rule.Tags(e => MovesProgress(e) ? [AllTag] : []))
            .InvalidateOn<OrganisationChanged>(rule => rule.Tags(e => e.IsNew ? [] : [AllTag]));
    }

    private static void AddRules(CacheBuilder cache) => cache
        .InvalidateOn<ProjectChanged>(rule => rule
            .Tag(e => Tag(e.ProjectId))
            .Tag(e => OfOrganisationTag(e.OrganisationId))
            .Tag(_ => AllTag))
        .InvalidateOn<TaskChanged>(rule => rule
            .Key(e => TaskKey(e.TaskId))
            .Key(e => DashboardKey(e.ProjectId))
            .Key(e => ExportKey(e.ProjectId))
            .Keys(e => MovesFigures(e) ? [StatisticsKey(e.ProjectId)] : [])
            .Keys(e => ShowsInLists(e) ? e.Residents.Select(ResidentTasksKey) : [])
            .Tags(e => ShowsInLists(e) ? [TasksTag(e.ProjectId)] : [])
            .Tags(e => MovesProgress(e) ? [OfOrganisationTag(e.OrganisationId), AllTag] : []))
        .InvalidateOn<SearchIndexChanged>(rule => rule
            .Tag(_ => SearchTag))
        .InvalidateOn<MembershipChanged>(rule => rule
            .Key(e => ResidentTasksKey(e.UserId)))
        .InvalidateOn<ProfileChanged>(rule => rule
            .Tag(_ => ExportsTag)) // all else keeps ids, and its names come from the UserDirectory
        .InvalidateOn<OrganisationChanged>(rule => rule
            .Tags(e => e.IsNew ? [] : [OfOrganisationTag(e.OrganisationId), AllTag])); // lists show its name

    // A change of nothing but the kind of work touches the dashboard and the export, which show it, and no more.
    private static bool ShowsInLists(TaskChanged e) => (e.Parts & ~(WorkParts.Kind | WorkParts.Completion)) != WorkParts.None;

    private static bool MovesFigures(TaskChanged e) =>
        (e.Parts & (WorkParts.Created | WorkParts.Status | WorkParts.Assignee | WorkParts.Due)) != WorkParts.None;

    private static bool MovesProgress(TaskChanged e) => (e.Parts & (WorkParts.Created | WorkParts.Completion)) != WorkParts.None;
}
