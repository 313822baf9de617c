using System.Net;
using Township.Modules.Projects;
using Township.Platform.Data;
using Township.Platform.Forms;

namespace Township.Tests.Modules.Projects;

[Trait("req", "T-02")]
public sealed class SearchTests(PostgresFixture postgres)
{
    public static TheoryData<string> Databases => Town.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Words_are_found_anywhere_without_regard_to_case_or_accents(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var (project, task) = await CreateAsync(town, "Café at the Mill", "Order 100% cotton_bags for O'Brien");

        Assert.Equal([project.Id], await FindAsync(town, "CAFE mill", "project"));
        Assert.Equal([task.Id], await FindAsync(town, "100% o'brien", "task"));
        Assert.Equal([task.Id], await FindAsync(town, "on_bags", "task"));
        Assert.Empty(await FindAsync(town, "café nothing", null));
    }

    [Theory]
    [InlineData("%")]
    [InlineData("%%")]
    [InlineData("__")]
    [InlineData("\\\\")]
    [InlineData("'; drop table tasks; --")]
    [InlineData("x%y\\_\"'")]
    [InlineData("\0\u0001\uD800")]
    public async Task Signs_of_the_query_language_are_ordinary_characters(string text)
    {
        await using var town = await Town.StartAsync();
        await CreateAsync(town, "Lantern parade", "Build lanterns");
        using var visitor = town.Host.Visit();

        Assert.Empty(await FindAsync(town, text, null));
        using var page = await visitor.GetAsync($"/search?q={Uri.EscapeDataString(text.Replace("\uD800", ""))}");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Single(await FindAsync(town, "lantern", "project"));
    }

    [Fact]
    public async Task Ten_kilobytes_of_words_are_cut_to_what_a_search_takes()
    {
        await using var town = await Town.StartAsync();
        using var visitor = town.Host.Visit();
        var query = SearchQuery.Parse(string.Join(' ', Enumerable.Range(0, 2000).Select(i => $"w{i}")));

        using var large = await visitor.GetAsync($"/search?q={new string('a', 7_000)}");
        using var larger = await visitor.GetAsync($"/search?q={new string('a', 10_240)}");

        Assert.Equal(HttpStatusCode.OK, large.StatusCode);
        Assert.Equal(HttpStatusCode.RequestUriTooLong, larger.StatusCode); // the server's own limit
        Assert.Equal(6, query.Words.Count);
        Assert.True(query.Text.Length <= SearchQuery.MaximumLength);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_is_private_is_found_by_members_only_and_hidden_at_once(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var (project, _) = await CreateAsync(town, "Secret party", "Buy balloons");
        Assert.Single(await FindAsync(town, "balloons", "task", Town.Outsider));

        await town.Get<ProjectWrites>().UpdateAsync(project.Id, Private(town), Town.Manager, default);

        Assert.Empty(await FindAsync(town, "balloons", "task", null));
        Assert.Empty(await FindAsync(town, "balloons", "task", Town.Outsider));
        Assert.Single(await FindAsync(town, "balloons", "task", Town.Member));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_refresh_that_read_an_older_task_does_not_undo_a_newer_one(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var (_, task) = await CreateAsync(town, "Lantern parade", "Build lanterns");
        // What a refresh wrote that read the task after the next change.
        await town.Get<Database>().ExecuteAsync(
            "update search_documents set words = 'paper boats', updated_at = updated_at + 1 where id = @Id", task);

        await town.Get<SearchStore>().RefreshTaskAsync(task.Id, default);

        Assert.Equal([task.Id], await FindAsync(town, "boats", "task"));
    }

    private static ProjectInput Private(Town town)
    {
        var input = town.ProjectInput("Secret party", isPrivate: true);
        return input;
    }

    private static async Task<(Project Project, WorkItem Task)> CreateAsync(Town town, string project, string task)
    {
        var created = await town.CreateProjectAsync(project);
        var item = await town.CreateTaskAsync(created.Id, task);
        var index = town.Get<SearchStore>(); // what the job does, without waiting for it
        await index.RefreshProjectAsync(created.Id, default);
        await index.RefreshTaskAsync(item.Id, default);
        return (created, item);
    }

    private static async Task<IEnumerable<string>> FindAsync(Town town, string text, string? kind, string? userId = null)
    {
        var page = await town.Get<ProjectReads>().SearchAsync(SearchQuery.Parse(text), userId, Cursor.Start, default);
        return page.Items.Where(hit => kind is null || hit.Kind == kind).Select(hit => hit.Id);
    }
}
