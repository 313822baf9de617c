using Millrace.Caching;
using Township.Modules.Organisations;
using Township.Modules.Projects;
using Township.Platform.Data;
using Township.Platform.Forms;

namespace Township.Tests.Modules.Projects;

[Trait("req", "T-02")]
public sealed class ProjectRuleTests
{
    private static readonly string[] Everything =
        ["dashboard", "detail", "everywhere", "export", "list", "mine", "other", "stats", "task", "tasks"];

    [Theory]
    [InlineData((int)WorkParts.Kind, "dashboard export task")]
    [InlineData((int)WorkParts.Text, "dashboard export mine task tasks")]
    [InlineData((int)WorkParts.Due, "dashboard export mine stats task tasks")]
    [InlineData((int)WorkParts.Assignee, "dashboard export mine stats task tasks")]
    [InlineData((int)WorkParts.Status, "dashboard export mine stats task tasks")]
    [InlineData((int)(WorkParts.Status | WorkParts.Completion), "dashboard everywhere export list mine stats task tasks")]
    [InlineData((int)WorkParts.Created, "dashboard everywhere export list mine stats task tasks")]
    public async Task A_changed_task_ends_what_shows_the_change_and_nothing_else(int parts, string ended)
    {
        await using var town = await Town.StartAsync();
        var keys = await FillAsync(town);

        await town.Cache.InvalidateAsync(new TaskChanged("t", "p", "o", (WorkParts)parts, ["ada"]), default);

        Assert.Equal(ended.Split(' '), Ended(town.Cache, keys));
    }

    [Fact]
    public async Task A_changed_project_ends_all_of_that_project_and_the_lists_it_stands_in()
    {
        await using var town = await Town.StartAsync();
        var keys = await FillAsync(town);

        await town.Cache.InvalidateAsync(new ProjectChanged("p", "o", IsNew: false), default);

        Assert.Equal(Everything.Except(["mine", "other", "task"]), Ended(town.Cache, keys));
    }

    [Fact]
    public async Task Who_joins_or_leaves_changes_own_rights_and_no_project()
    {
        await using var town = await Town.StartAsync();
        var keys = await FillAsync(town);
        await town.Get<OrganisationReads>().MembershipsAsync(Town.Outsider, default);

        await town.Cache.InvalidateAsync(new MembershipChanged("o", "ada"), default);

        Assert.Equal(["mine"], Ended(town.Cache, keys));
        Assert.True(town.Cache.TryGet<IReadOnlyList<Membership>>(OrganisationCache.MembershipsKey(Town.Outsider), out _));
    }

    [Fact]
    public async Task A_second_look_asks_the_database_nothing()
    {
        await using var town = await Town.StartAsync();
        var (reads, counter) = (town.Get<ProjectReads>(), town.Get<QueryCounter>());
        await town.Get<ProjectStore>().InsertAsync("quiet", Quiet(town), Town.Manager, 1, default); // no job follows

        var before = await QueriesAsync(counter, () => LookAsync(reads, "quiet"));
        var after = await QueriesAsync(counter, () => LookAsync(reads, "quiet"));

        Assert.True(before > 0);
        Assert.Equal(0, after);
    }

    [Fact]
    public async Task An_edit_that_changes_nothing_ends_nothing_and_tells_nobody()
    {
        await using var town = await Town.StartAsync();
        var project = await town.CreateProjectAsync();
        var task = await town.CreateTaskAsync(project.Id);
        await town.Get<ProjectReads>().DashboardAsync(project.Id, default);

        var outcome = await town.Get<WorkWrites>().UpdateAsync(task.Id, new WorkItemInput { Title = task.Title }, Town.Member, default);

        Assert.Equal(OutcomeStatus.Unchanged, outcome.Status);
        Assert.True(town.Cache.TryGet<ProjectDashboard>(ProjectCache.DashboardKey(project.Id), out _));
    }

    private static ProjectInput Quiet(Town town)
    {
        var input = town.ProjectInput();
        Assert.False(input.Validate().Any);
        return input;
    }

    private static async Task LookAsync(ProjectReads reads, string id)
    {
        await reads.ViewAsync(id, Town.Member, default);
        await reads.TasksAsync(id, new WorkFilter(null, null, Cursor.Start, 20), default);
        await reads.SearchAsync(SearchQuery.Parse("sheet music"), Town.Member, Cursor.Start, default);
    }

    // Counted as a request counts, so that jobs at work beside it do not show.
    private static async Task<long> QueriesAsync(QueryCounter counter, Func<Task> work)
    {
        var before = counter.CommandsInRequests;
        await counter.CountRequestAsync(work);
        return counter.CommandsInRequests - before;
    }

    private static async Task<Dictionary<string, string>> FillAsync(Town town)
    {
        var (cache, organisation) = (town.Cache, "o");
        var filter = new ProjectFilter(null, null, false, null, null, Cursor.Start, 20);
        var all = new WorkFilter(null, null, Cursor.Start, 20);
        var keys = new Dictionary<string, string>
        {
            ["detail"] = ProjectCache.DetailKey("p"),
            ["dashboard"] = ProjectCache.DashboardKey("p"),
            ["stats"] = ProjectCache.StatisticsKey("p"),
            ["export"] = ProjectCache.ExportKey("p"),
            ["tasks"] = ProjectCache.TasksKey("p", all),
            ["task"] = ProjectCache.TaskKey("t"),
            ["mine"] = ProjectCache.ResidentTasksKey("ada"),
            ["list"] = ProjectCache.ListKey(filter with { OrganisationId = organisation }),
            ["everywhere"] = ProjectCache.ListKey(filter),
            ["other"] = ProjectCache.DashboardKey("another"),
        };
        string[] ofProject = [ProjectCache.Tag("p")];
        foreach (var (name, key) in keys)
        {
            string[] tags = name switch
            {
                "tasks" => [ProjectCache.Tag("p"), ProjectCache.TasksTag("p")],
                "list" => [ProjectCache.OfOrganisationTag(organisation)],
                "everywhere" => [ProjectCache.AllTag],
                "task" or "mine" => [],
                "other" => [ProjectCache.Tag("another")],
                _ => ofProject,
            };
            await cache.SetAsync(key, name, CachePolicies.Long, tags);
        }

        return keys;
    }

    private static IEnumerable<string> Ended(Cache cache, Dictionary<string, string> keys) =>
        keys.Where(pair => !cache.TryGet<string>(pair.Value, out _)).Select(pair => pair.Key).Order(StringComparer.Ordinal);
}
