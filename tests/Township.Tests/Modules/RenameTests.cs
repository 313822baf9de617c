using System.Net;
using Township.Modules.Accounts;
using Township.Modules.Organisations;
using Township.Modules.Projects;
using Township.Modules.Voting;
using Township.Platform.Data;

namespace Township.Tests.Modules;

/// <summary>Who takes another name is called by it at the next look, wherever names are shown, and nothing else that is kept goes.</summary>
[Trait("req", "C-11")]
public sealed class RenameTests
{
    private const string Before = "Rosa Hill";
    private const string After = "Linda Meadow";

    [Fact]
    public async Task A_new_name_is_read_everywhere_at_once_and_what_is_kept_stays()
    {
        await using var town = await Town.StartAsync();
        var (projectId, taskId, questionId) = await FillAsync(town);
        using var resident = town.Host.Visit();
        using var guest = town.Host.Visit();
        await resident.SignInAsync();
        string[] seenByAll = [$"/projects/{projectId}", $"/projects/{projectId}/dashboard", $"/tasks/{taskId}", $"/questions/{questionId}",
            $"/organisations/{town.OrganisationId}", $"/people/{DemoAccounts.ResidentId}"];
        string[] seenByMembers = [.. seenByAll, $"/organisations/{town.OrganisationId}/members",
            $"/api/organisations/{town.OrganisationId}/members", $"/api/projects/{projectId}", $"/api/projects/{projectId}/tasks",
            $"/api/projects/{projectId}/dashboard", $"/api/projects/{projectId}/statistics", $"/api/tasks/{taskId}",
            $"/api/questions/{questionId}"];
        await ExpectAsync(guest, seenByAll, Before, After);
        await ExpectAsync(resident, seenByMembers, Before, After);
        await ExpectAsync(resident, ["/"], "Hello, Rosa", After);
        await town.Get<UserDirectory>().FindAsync(Town.Member, default);
        Assert.Empty(Gone());

        using (var saved = await resident.SendFormAsync("/account", new() { ["Input.Name"] = After, ["Input.Bio"] = "" }))
        {
            Assert.Equal(HttpStatusCode.Redirect, saved.StatusCode);
        }

        Assert.Empty(Gone());
        Assert.False(town.Cache.TryGet<UserCard>(AccountsCache.CardKey(DemoAccounts.ResidentId), out _));
        await ExpectAsync(guest, seenByAll, After, Before);
        await ExpectAsync(resident, seenByMembers, After, Before);
        await ExpectAsync(resident, ["/"], "Hello, Linda", Before);
        await ExpectAsync(guest, ["/", "/organisations", "/projects", "/questions"], "", Before); // kept whole for guests: they name nobody

        List<string> Gone()
        {
            var gone = new List<string>();
            Look<Project>(ProjectCache.DetailKey(projectId));
            Look<WorkItem>(ProjectCache.TaskKey(taskId));
            Look<ProjectStatistics>(ProjectCache.StatisticsKey(projectId));
            Look<ProjectDashboard>(ProjectCache.DashboardKey(projectId));
            Look<Organisation>(OrganisationCache.DetailKey(town.OrganisationId));
            Look<IReadOnlyList<Member>>(OrganisationCache.MembersKey(town.OrganisationId));
            Look<Question>(VotingCache.DetailKey(questionId));
            Look<UserCard>(AccountsCache.CardKey(Town.Member));
            return gone;

            void Look<T>(string key) => gone.AddRange(town.Cache.TryGet<T>(key, out _) ? [] : [key]);
        }
    }

    [Fact]
    public async Task A_new_name_costs_one_statement_however_much_shows_it()
    {
        await using var town = await Town.StartAsync();
        var (projectId, taskId, questionId) = await FillAsync(town);
        var counter = town.Get<QueryCounter>();
        await LookAsync();
        await town.Get<Profiles>().SetProfileAsync(DemoAccounts.ResidentId, After, "", default);

        var before = counter.CommandsInRequests;
        await counter.CountRequestAsync(LookAsync);

        Assert.Equal(1, counter.CommandsInRequests - before);

        async Task LookAsync()
        {
            await town.Get<ProjectReads>().ViewAsync(projectId, null, default);
            await town.Get<ProjectReads>().FindTaskAsync(taskId, default);
            await town.Get<ProjectReads>().DashboardAsync(projectId, default);
            await town.Get<OrganisationReads>().MembersAsync(town.OrganisationId, default);
            await town.Get<VotingReads>().FindAsync(questionId, default);
        }
    }

    [Fact]
    public async Task Members_stand_in_the_order_of_their_names_as_they_are_now()
    {
        await using var town = await Town.StartAsync();
        await town.Get<OrganisationWrites>().JoinAsync(town.OrganisationId, Town.Outsider, default);
        Assert.Equal(["Ada Doe", "Ben Doe", "Cem Doe"], await NamesAsync());

        await town.Get<Profiles>().SetProfileAsync(Town.Member, "Zoe Doe", "", default);

        Assert.Equal(["Ada Doe", "Cem Doe", "Zoe Doe"], await NamesAsync());

        async Task<IEnumerable<string>> NamesAsync() =>
            (await town.Get<OrganisationReads>().MembersAsync(town.OrganisationId, default)).Select(static member => member.Name);
    }

    [Fact]
    public async Task An_export_that_is_kept_goes_with_a_name_that_it_may_hold()
    {
        await using var town = await Town.StartAsync();
        var export = ProjectCache.ExportKey("p");
        await town.Cache.SetAsync(export, new ExportContent("Rosa Hill", 1), ProjectCache.Export, [ProjectCache.Tag("p"), ProjectCache.ExportsTag]);

        await town.Get<Profiles>().SetProfileAsync(DemoAccounts.ResidentId, After, "", default);

        Assert.False(town.Cache.TryGet<ExportContent>(export, out _));
    }

    private static async Task<(string ProjectId, string TaskId, string QuestionId)> FillAsync(Town town)
    {
        await town.Get<OrganisationWrites>().JoinAsync(town.OrganisationId, DemoAccounts.ResidentId, default);
        var project = town.ProjectInput();
        Assert.False(project.Validate().Any);
        var task = new WorkItemInput
        {
            Title = "Copy the sheet music", Details = "", Status = WorkStatus.ToDo, Kind = WorkKinds.All[0], AssigneeId = DemoAccounts.ResidentId, DueOn = "2030-01-01",
        };
        var question = new QuestionInput { Title = "Which song comes last?", Options = ["First song", "Second song"] };
        Assert.False(question.Validate().Any);

        // Straight into the stores: no job reads a name meanwhile.
        await town.Get<ProjectStore>().InsertAsync("quiet", project, DemoAccounts.ResidentId, 1, default);
        await town.Get<WorkStore>().InsertAsync("copy", "quiet", task, DemoAccounts.ResidentId, 1, default);
        await town.Get<QuestionStore>().CreateAsync("last", question, ["one", "two"], DemoAccounts.ResidentId, 1, default);
        return ("quiet", "copy", "last");
    }

    private static async Task ExpectAsync(Visitor visitor, string[] paths, string shown, string gone)
    {
        foreach (var path in paths)
        {
            var page = await visitor.ReadAsync(path);
            Assert.True(page.Contains(shown, StringComparison.Ordinal), $"{path} does not show {shown}");
            Assert.False(page.Contains(gone, StringComparison.Ordinal), $"{path} shows {gone}");
        }
    }
}
