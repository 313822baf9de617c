using System.Net;
using System.Text.Json;
using Millrace.Sqlite;
using Millrace.TestKit;
using Township.Modules.Accounts;

namespace Township.Tests.Platform;

/// <summary>The program is stopped while it has work, and started again: what it promised is kept.</summary>
[Trait("req", "J-09")]
public sealed class GracefulStopTests
{
    private const int Wanted = 18; // a resident keeps 20
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> Small = new() { ["Township:ExampleData"] = "false" };

    [Fact]
    public async Task Exports_asked_for_before_a_Ctrl_C_are_all_made_in_the_end()
    {
        using var folder = new TemporaryFolder();
        var promised = new List<string>();
        string token;
        await using (var first = await TownshipProcess.StartAsync(folder.Path, Small))
        {
            using var visitor = new Visitor(first.Address);
            token = await SignInAsync(visitor);
            var project = await CreateProjectAsync(visitor, token);
            var requests = Enumerable.Range(0, Wanted)
                .Select(_ => visitor.SendAsync(HttpMethod.Post, $"/api/projects/{project}/exports", bearer: token)).ToList();
            (await await Task.WhenAny(requests)).EnsureSuccessStatusCode(); // some are made, some wait, some are still being asked for
            Assert.Equal(0, await first.Process.InterruptAsync());
            Assert.DoesNotContain(first.Process.Lines, static line => line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal));
            foreach (var request in requests)
            {
                try
                {
                    using var answer = await request.WaitAsync(Limit);
                    Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
                    promised.Add(await IdAsync(answer));
                }
                catch (HttpRequestException)
                {
                    // It no longer took connections: nothing was promised.
                }
            }
        }

        Assert.NotEmpty(promised);
        await using (var second = await TownshipProcess.StartAsync(folder.Path, Small))
        {
            using var visitor = new Visitor(second.Address);
            using var limit = new CancellationTokenSource(Limit);
            foreach (var export in promised)
            {
                Assert.Equal("done", await EndOfAsync(visitor, export, token, limit.Token));
                using var file = await visitor.SendAsync(HttpMethod.Get, $"/api/projects/exports/{export}/file", bearer: token);
                Assert.Contains("Copy the sheet music", await file.Content.ReadAsStringAsync(limit.Token), StringComparison.Ordinal);
            }

            Assert.Equal(0, await second.Process.TerminateAsync());
        }

        // Neither is one left that was written down and whose asker got no answer.
        await using var data = new SqliteDataSource(Path.Combine(folder.Path, "township.db"));
        await using var command = data.CreateCommand("select count(*) from project_exports where status <> 'done'");
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    private static async Task<string> SignInAsync(Visitor visitor)
    {
        using var answer = await visitor.SendAsync(
            HttpMethod.Post, "/api/accounts/token", new { email = DemoAccounts.ResidentEmail, password = DemoAccounts.Password });
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("token").GetString()!;
    }

    private static async Task<string> CreateProjectAsync(Visitor visitor, string token)
    {
        const string Category = "Arts and culture";
        using var organisation = await visitor.SendAsync(
            HttpMethod.Post, "/api/organisations", new { name = "Mill Green Choir", summary = "We sing on Tuesdays.", category = Category, isOpen = true }, token);
        var organisationId = await IdAsync(organisation);
        using var project = await visitor.SendAsync(
            HttpMethod.Post, "/api/projects", new { organisationId, name = "Winter concert", summary = "Songs for the longest night.", category = Category }, token);
        var id = await IdAsync(project);
        using var task = await visitor.SendAsync(HttpMethod.Post, $"/api/projects/{id}/tasks", new { title = "Copy the sheet music" }, token);
        Assert.Equal(HttpStatusCode.Created, task.StatusCode);
        return id;
    }

    private static async Task<string> EndOfAsync(Visitor visitor, string export, string token, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var answer = await visitor.SendAsync(HttpMethod.Get, $"/api/projects/exports/{export}", bearer: token);
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
            if (body.RootElement.GetProperty("status").GetString() is ("done" or "failed") and var status)
            {
                return status;
            }
        }
    }

    private static async Task<string> IdAsync(HttpResponseMessage answer)
    {
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return body.RootElement.TryGetProperty("id", out var id) ? id.GetString()! : throw new InvalidOperationException($"{answer.StatusCode}: {body.RootElement}");
    }
}
