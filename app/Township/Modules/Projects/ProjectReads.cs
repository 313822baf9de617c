using Millrace.Caching;
using Township.Modules.Accounts;
using Township.Modules.Organisations;

namespace Township.Modules.Projects;

/// <summary>Reads projects, tasks, figures and search through the cache. Nothing private leaves it unseen by a role.</summary>
internal sealed class ProjectReads(
    Cache cache,
    ProjectStore projects,
    WorkStore work,
    SearchStore search,
    OrganisationReads organisations,
    UserDirectory users,
    TimeProvider time)
{
    public const int PageSize = 20;

    /// <summary>A project that this resident, or guest, may see.</summary>
    public async ValueTask<Outcome<ProjectView>> ViewAsync(string? id, string? userId, CancellationToken cancellationToken)
    {
        if (!NewId.IsWellFormed(id) || await FindAsync(id!, cancellationToken) is not { } project)
        {
            return Outcome<ProjectView>.NotFound;
        }

        var role = await organisations.RoleAsync(project.OrganisationId, userId, cancellationToken);
        return project.IsPrivate && role is null
            ? Outcome<ProjectView>.Forbidden
            : Outcome<ProjectView>.Done(new ProjectView(project, role, userId));
    }

    public async ValueTask<Project?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var project = await cache.GetOrCreateAsync(
            ProjectCache.DetailKey(id),
            (projects, id),
            static async (state, token) => await state.projects.FindAsync(state.id, token),
            ProjectCache.Detail,
            [ProjectCache.Tag(id)],
            cancellationToken);
        return project is null
            ? null
            : project with { CreatedByName = await users.NameAsync(project.CreatedBy, cancellationToken) };
    }

    /// <summary>A list; the caller has checked that <see cref="ProjectFilter.WithPrivate"/> is a member's wish.</summary>
    public ValueTask<PageOf<ProjectListItem>> ListAsync(ProjectFilter filter, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            ProjectCache.ListKey(filter),
            (projects, filter),
            static async (state, token) => await state.projects.ListAsync(state.filter, token),
            ProjectCache.Lists,
            filter switch
            {
                { OrganisationId: { } organisation } => [ProjectCache.OfOrganisationTag(organisation)],
                { MemberId: { } member } => [ProjectCache.AllTag, OrganisationCache.MembershipsTag(member)],
                _ => [ProjectCache.AllTag],
            },
            cancellationToken);

    public async ValueTask<PageOf<WorkItem>> TasksAsync(string projectId, WorkFilter filter, CancellationToken cancellationToken)
    {
        var page = await cache.GetOrCreateAsync(
            ProjectCache.TasksKey(projectId, filter),
            (work, projectId, filter),
            static async (state, token) => await state.work.ListAsync(state.projectId, state.filter, token),
            ProjectCache.Lists,
            [ProjectCache.Tag(projectId), ProjectCache.TasksTag(projectId)],
            cancellationToken);
        return page with { Items = Named(page.Items, await PeopleAsync(page.Items, [], cancellationToken)) };
    }

    public async ValueTask<WorkItem?> FindTaskAsync(string? id, CancellationToken cancellationToken)
    {
        if (!NewId.IsWellFormed(id))
        {
            return null;
        }

        var task = await cache.GetOrCreateAsync(
            ProjectCache.TaskKey(id!),
            (work, id),
            static async (state, token) => await state.work.FindAsync(state.id!, token),
            ProjectCache.Detail,
            tags: null,
            cancellationToken);
        return task?.AssigneeId is { } assignee
            ? task with { AssigneeName = await users.NameAsync(assignee, cancellationToken) }
            : task;
    }

    /// <summary>Open tasks that a resident has taken, those due first; at most 12.</summary>
    public async ValueTask<IReadOnlyList<WorkItem>> OfResidentAsync(string userId, CancellationToken cancellationToken)
    {
        var tasks = await cache.GetOrCreateAsync(
            ProjectCache.ResidentTasksKey(userId),
            (work, userId),
            static async (state, token) => await state.work.OfResidentAsync(state.userId, 12, token),
            ProjectCache.Lists,
            tags: null,
            cancellationToken);
        return Named(tasks, await PeopleAsync(tasks, [], cancellationToken));
    }

    public async ValueTask<ProjectStatistics> StatisticsAsync(string projectId, CancellationToken cancellationToken)
    {
        var statistics = await FiguresAsync(projectId, cancellationToken);
        return Named(statistics, await PeopleAsync([], statistics.Assignees, cancellationToken));
    }

    public async ValueTask<ProjectDashboard> DashboardAsync(string projectId, CancellationToken cancellationToken)
    {
        var dashboard = await cache.GetOrCreateAsync(
            ProjectCache.DashboardKey(projectId),
            (reads: this, projectId),
            static async (state, token) => await state.reads.ComputeDashboardAsync(state.projectId, token),
            ProjectCache.Dashboard,
            [ProjectCache.Tag(projectId)],
            cancellationToken);
        var people = await PeopleAsync(
            [.. dashboard.DueNext, .. dashboard.LatestChanges], dashboard.Statistics.Assignees, cancellationToken);
        return dashboard with
        {
            Statistics = Named(dashboard.Statistics, people),
            DueNext = Named(dashboard.DueNext, people),
            LatestChanges = Named(dashboard.LatestChanges, people),
        };
    }

    /// <summary>Projects and tasks that this resident, or guest, may see.</summary>
    public async ValueTask<PageOf<SearchHit>> SearchAsync(
        SearchQuery query, string? userId, Cursor after, CancellationToken cancellationToken)
    {
        if (!query.IsUsable)
        {
            return new PageOf<SearchHit>([], null);
        }

        // Who belongs nowhere sees what guests see, and shares their entries.
        var memberships = await organisations.MembershipsAsync(userId, cancellationToken);
        var viewer = memberships.Count > 0 ? userId : null;
        return await cache.GetOrCreateAsync(
            ProjectCache.SearchKey(query, viewer, after),
            (search, query, viewer, after),
            static async (state, token) =>
                await state.search.FindAsync(state.query, state.viewer, state.after, PageSize, token),
            ProjectCache.Search,
            viewer is null
                ? [ProjectCache.SearchTag]
                : [ProjectCache.SearchTag, OrganisationCache.MembershipsTag(viewer)],
            cancellationToken);
    }

    private ValueTask<ProjectStatistics> FiguresAsync(string projectId, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            ProjectCache.StatisticsKey(projectId),
            (work, projectId, time),
            static async (state, token) => await state.work.StatisticsAsync(state.projectId, state.time.GetUtcNow(), token),
            ProjectCache.Statistics,
            [ProjectCache.Tag(projectId)],
            cancellationToken);

    // At most a page of tasks and a dozen rows of figures, so well within what may be asked for at once.
    private ValueTask<IReadOnlyDictionary<string, UserCard>> PeopleAsync(
        IReadOnlyList<WorkItem> tasks, IReadOnlyList<AssigneeCount> assignees, CancellationToken cancellationToken) =>
        users.FindManyAsync(
            [.. tasks.Select(static task => task.AssigneeId).Concat(assignees.Select(static row => row.UserId)).OfType<string>()],
            cancellationToken);

    private static IReadOnlyList<WorkItem> Named(IReadOnlyList<WorkItem> tasks, IReadOnlyDictionary<string, UserCard> people) =>
        people.Count == 0
            ? tasks
            : [.. tasks.Select(task => task.AssigneeId is { } id ? task with { AssigneeName = people.GetValueOrDefault(id)?.Name } : task)];

    private static ProjectStatistics Named(ProjectStatistics statistics, IReadOnlyDictionary<string, UserCard> people) =>
        statistics with
        {
            Assignees =
            [
                .. statistics.Assignees.Select(row => row with
                {
                    Name = row.UserId is { } id ? people.GetValueOrDefault(id)?.Name ?? "" : "Nobody yet",
                }),
            ],
        };

    private async Task<ProjectDashboard> ComputeDashboardAsync(string projectId, CancellationToken cancellationToken) => new()
    {
        Statistics = await FiguresAsync(projectId, cancellationToken),
        Kinds = await work.KindsAsync(projectId, cancellationToken),
        DueNext = await work.DueNextAsync(projectId, 6, cancellationToken),
        LatestChanges = await work.LatestAsync(projectId, 6, cancellationToken),
    };
}
