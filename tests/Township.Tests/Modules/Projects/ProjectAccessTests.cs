using System.Net;
using System.Text.Json;
using Township.Modules.Projects;

namespace Township.Tests.Modules.Projects;

[Trait("req", "T-02")]
public sealed class ProjectAccessTests
{
    [Fact]
    public async Task What_is_private_answers_guests_with_401_outsiders_with_403_and_members_with_200()
    {
        await using var town = await Town.StartAsync();
        var project = await town.CreateProjectAsync(isPrivate: true);
        var task = await town.CreateTaskAsync(project.Id);
        using var visitor = town.Host.Visit();

        foreach (var path in new[]
        {
            $"/api/projects/{project.Id}", $"/api/projects/{project.Id}/dashboard", $"/api/projects/{project.Id}/statistics",
            $"/api/projects/{project.Id}/tasks", $"/api/tasks/{task.Id}",
        })
        {
            Assert.Equal((path, 401), (path, await StatusAsync(visitor, path, null)));
            Assert.Equal((path, 403), (path, await StatusAsync(visitor, path, town.Token(Town.Outsider))));
            Assert.Equal((path, 200), (path, await StatusAsync(visitor, path, town.Token(Town.Member))));
        }

        using var page = await visitor.GetAsync($"/projects/{project.Id}");
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode); // to sign in
        Assert.Equal(404, await StatusAsync(visitor, "/api/projects/nothing-here", null));
        Assert.DoesNotContain(project.Id, await visitor.ReadAsync("/projects"), StringComparison.Ordinal);
        Assert.DoesNotContain(project.Id, await visitor.ReadAsync($"/api/projects?organisation={town.OrganisationId}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_members_write_and_only_managers_edit_what_others_made()
    {
        await using var town = await Town.StartAsync();
        var project = await town.CreateProjectAsync();
        using var visitor = town.Host.Visit();
        var path = $"/api/projects/{project.Id}/tasks";

        Assert.Equal(401, await SendAsync(visitor, HttpMethod.Post, path, new { title = "Tune the piano" }, null));
        Assert.Equal(403, await SendAsync(visitor, HttpMethod.Post, path, new { title = "Tune the piano" }, town.Token(Town.Outsider)));
        Assert.Equal(201, await SendAsync(visitor, HttpMethod.Post, path, new { title = "Tune the piano" }, town.Token(Town.Member)));
        Assert.Equal(403, await SendAsync(visitor, HttpMethod.Post, "/api/projects", town.ProjectInput(), town.Token(Town.Outsider)));
        Assert.Equal(403, await SendAsync(visitor, HttpMethod.Put, $"/api/projects/{project.Id}", town.ProjectInput("Mine now"), town.Token(Town.Member)));
        Assert.Equal(200, await SendAsync(visitor, HttpMethod.Put, $"/api/projects/{project.Id}", town.ProjectInput("Summer concert"), town.Token(Town.Manager)));
    }

    [Fact]
    public async Task Bad_input_is_answered_field_by_field()
    {
        await using var town = await Town.StartAsync();
        using var visitor = town.Host.Visit();

        using var response = await visitor.SendAsync(
            HttpMethod.Post,
            "/api/projects",
            new { organisationId = town.OrganisationId, name = "x", summary = "", category = "Nonsense", dueOn = "tomorrow" },
            town.Token(Town.Manager));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var errors = problem.RootElement.GetProperty("errors").EnumerateObject().ToDictionary(field => field.Name, field => field.Value[0].GetString());
        Assert.Equal("Use at least 3 characters.", errors["name"]);
        Assert.Equal("Enter what it is about.", errors["summary"]);
        Assert.Equal("Choose one of the categories.", errors["category"]);
        Assert.Equal("Enter a date like 2026-11-20.", errors["dueOn"]);
    }

    [Fact]
    public async Task A_task_goes_only_to_a_member()
    {
        await using var town = await Town.StartAsync();
        var project = await town.CreateProjectAsync();

        var outcome = await town.Get<WorkWrites>().CreateAsync(
            project.Id, new WorkItemInput { Title = "Sing", AssigneeId = Town.Outsider }, Town.Member, default);

        Assert.Equal("Choose a member of the organisation.", Assert.Single(outcome.Errors!.Messages["AssigneeId"]));
    }

    private static Task<int> StatusAsync(Visitor visitor, string path, string? bearer) =>
        SendAsync(visitor, HttpMethod.Get, path, null, bearer);

    private static async Task<int> SendAsync(Visitor visitor, HttpMethod method, string path, object? body, string? bearer)
    {
        using var response = await visitor.SendAsync(method, path, body, bearer);
        return (int)response.StatusCode;
    }
}
