using System.Net;
using Township.Modules.Organisations;
using Township.Platform.Data;
using Township.Platform.Forms;

namespace Township.Tests.Modules.Organisations;

[Trait("req", "T-02")]
public sealed class OrganisationTests(PostgresFixture postgres)
{
    public static TheoryData<string> Databases => Town.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_name_is_given_once_whatever_its_case(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);

        var outcome = await town.Get<OrganisationWrites>().CreateAsync(
            new OrganisationInput { Name = "MILL green CHOIR", Summary = "Another one of that name.", Category = "Sport" },
            Town.Outsider,
            default);

        Assert.Equal("Another organisation has this name.", Assert.Single(outcome.Errors!.Messages["Name"]));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Two_managers_who_leave_at_once_leave_one_behind(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var (writes, id) = (town.Get<OrganisationWrites>(), town.OrganisationId);
        await writes.SetRoleAsync(id, Town.Member, MemberRole.Manager, Town.Manager, default);

        var outcomes = await Task.WhenAll(
            Task.Run(() => writes.RemoveAsync(id, Town.Manager, Town.Manager, default)),
            Task.Run(() => writes.RemoveAsync(id, Town.Member, Town.Member, default)));

        Assert.Single(outcomes, outcome => outcome.Succeeded);
        Assert.Equal(1, await town.Get<Database>().ScalarAsync<long>(
            "select count(*) from organisation_members where organisation_id = @id and role = 'manager'", new { id }));
    }

    [Fact]
    public async Task Who_joins_is_a_member_at_the_next_look_and_who_leaves_is_none()
    {
        await using var town = await Town.StartAsync();
        var (reads, writes, id) = (town.Get<OrganisationReads>(), town.Get<OrganisationWrites>(), town.OrganisationId);
        Assert.Null(await reads.RoleAsync(id, Town.Outsider, default));
        Assert.Equal(2, (await reads.FindAsync(id, default))!.Members);

        await writes.JoinAsync(id, Town.Outsider, default);
        Assert.Equal(MemberRole.Member, await reads.RoleAsync(id, Town.Outsider, default));
        Assert.Equal(3, (await reads.FindAsync(id, default))!.Members);

        await writes.RemoveAsync(id, Town.Outsider, Town.Outsider, default);
        Assert.Null(await reads.RoleAsync(id, Town.Outsider, default));
        Assert.Equal(2, (await reads.MembersAsync(id, default)).Count);
    }

    [Fact]
    public async Task An_organisation_that_is_not_open_is_joined_by_being_added()
    {
        await using var town = await Town.StartAsync();
        var (writes, id) = (town.Get<OrganisationWrites>(), town.OrganisationId);
        await writes.UpdateAsync(
            id, new OrganisationInput { Name = "Mill Green Choir", Summary = "By invitation only.", Category = "Sport", IsOpen = false }, Town.Manager, default);
        using var visitor = town.Host.Visit();
        var path = $"/api/organisations/{id}/members";

        Assert.Equal(401, await SendAsync(visitor, HttpMethod.Post, path, new { }, null));
        Assert.Equal(403, await SendAsync(visitor, HttpMethod.Post, path, new { }, town.Token(Town.Outsider)));
        Assert.Equal(403, await SendAsync(visitor, HttpMethod.Post, path, new { email = "cem@example.org" }, town.Token(Town.Member)));
        Assert.Equal(400, await SendAsync(visitor, HttpMethod.Post, path, new { email = "nobody@example.org" }, town.Token(Town.Manager)));
        Assert.Equal(200, await SendAsync(visitor, HttpMethod.Post, path, new { email = "CEM@example.org" }, town.Token(Town.Manager)));
        Assert.Equal(403, await SendAsync(visitor, HttpMethod.Delete, $"{path}/{Town.Manager}", null, town.Token(Town.Member)));
        Assert.Equal(400, await SendAsync(visitor, HttpMethod.Delete, $"{path}/{Town.Manager}", null, town.Token(Town.Manager)));
        Assert.Equal(204, await SendAsync(visitor, HttpMethod.Delete, $"{path}/{Town.Outsider}", null, town.Token(Town.Manager)));
    }

    [Fact]
    public async Task A_guests_page_of_the_list_is_kept_until_something_in_it_changes()
    {
        await using var town = await Town.StartAsync();
        using var visitor = town.Host.Visit();
        var counter = town.Get<QueryCounter>();
        await visitor.ReadAsync("/organisations");
        var before = counter.CommandsInRequests;

        Assert.DoesNotContain("Mill Green Band", await visitor.ReadAsync("/organisations"), StringComparison.Ordinal);
        Assert.Equal(before, counter.CommandsInRequests);
        await town.Get<OrganisationWrites>().CreateAsync(
            new OrganisationInput { Name = "Mill Green Band", Summary = "Brass and drums.", Category = "Arts and culture" }, Town.Member, default);

        Assert.Contains("Mill Green Band", await visitor.ReadAsync("/organisations"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_list_is_paged_by_name(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var store = town.Get<OrganisationStore>();
        foreach (var name in new[] { "Zebra club", "alpha club", "Éclair club", "Beta club", "beta Club two" })
        {
            await store.CreateAsync(
                NewId.Create(0), new OrganisationInput { Name = name, Summary = "Whatever.", Category = "Sport" }, Town.Manager, 0, default);
        }

        var seen = new List<string>();
        var after = Cursor.Start;
        PageOf<Organisation> page;
        do
        {
            page = await store.ListAsync(new OrganisationFilter(null, null, after, 2), default);
            seen.AddRange(page.Items.Select(row => row.Name));
            after = Cursor.Parse(page.Next);
        }
        while (page.Next is not null);

        Assert.Equal(6, seen.Count);
        Assert.Equal(6, seen.Distinct().Count());
        Assert.True(seen.IndexOf("alpha club") < seen.IndexOf("Beta club"));
        Assert.True(seen.IndexOf("Beta club") < seen.IndexOf("Zebra club"));
    }

    [Fact]
    public async Task The_pages_answer_and_unknown_ones_are_404()
    {
        await using var town = await Town.StartAsync();
        var project = await town.CreateProjectAsync();
        var task = await town.CreateTaskAsync(project.Id);
        using var visitor = town.Host.Visit();

        foreach (var path in new[]
        {
            "/organisations", $"/organisations/{town.OrganisationId}", "/projects", $"/projects/{project.Id}",
            $"/projects/{project.Id}?status=todo", $"/projects/{project.Id}/dashboard", $"/tasks/{task.Id}", "/search?q=music",
            "/questions", "/questions?set=closed", "/questions?set=trending", "/api/projects", "/api/questions", "/api/search?q=music",
        })
        {
            using var response = await visitor.GetAsync(path);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode}");
        }

        foreach (var path in new[] { "/organisations/none", "/projects/none", "/projects/none/dashboard", "/tasks/none", "/questions/none" })
        {
            using var response = await visitor.GetAsync(path);
            Assert.True(response.StatusCode == HttpStatusCode.NotFound, $"{path}: {response.StatusCode}");
        }
    }

    private static async Task<int> SendAsync(Visitor visitor, HttpMethod method, string path, object? body, string? bearer)
    {
        using var response = await visitor.SendAsync(method, path, body, bearer);
        return (int)response.StatusCode;
    }
}
