using System.Net;
using System.Threading.Channels;
using Millrace.Realtime;
using Township.Modules.Projects;

namespace Township.Tests.Modules.Projects;

[Trait("req", "T-02")]
public sealed class ExportTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+cmd|' /C calc'!A0", "\"'+cmd|' /C calc'!A0\"")]
    [InlineData("-2", "'-2")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("  =1", "\"'  =1\"")]
    [InlineData("\t=1", "\"'\t=1\"")]
    [InlineData("＝1", "'＝1")]
    [InlineData("say \"hi\", twice", "\"say \"\"hi\"\", twice\"")]
    [InlineData("a\nb", "\"a\nb\"")]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    public void A_field_is_quoted_as_the_standard_says_and_never_a_formula(string value, string written)
    {
        var csv = new CsvWriter();
        csv.Line(value, "end");
        Assert.Equal($"\uFEFF{written},end\r\n", csv.ToString());
    }

    [Fact]
    public async Task An_export_tells_its_progress_and_hands_the_file_to_its_owner_only()
    {
        await using var town = await Town.StartAsync();
        var project = await town.CreateProjectAsync("Café & concert");
        await town.CreateTaskAsync(project.Id, "=HYPERLINK(\"http://evil\")", Town.Member);
        var messages = Channel.CreateUnbounded<ExportProgress>();
        await using var listening = town.Get<ChannelClient>().Subscribe(
            ChannelNames.User(Town.Member), (publication, token) => publication.Type == "export-progress"
                ? messages.Writer.WriteAsync(Read(publication), token)
                : ValueTask.CompletedTask);

        var export = (await town.Get<Exports>().RequestAsync(project.Id, Town.Member, default)).Value!;
        var steps = new List<int>();
        do
        {
            steps.Add((await messages.Reader.ReadAsync().AsTask().WaitAsync(Limit)).Percent);
        }
        while (steps[^1] < 100);

        Assert.Equal([10, 50, 80, 100], steps);
        using var visitor = town.Host.Visit();
        var path = $"/api/projects/exports/{export.Id}/file";
        using var guest = await visitor.SendAsync(HttpMethod.Get, path);
        using var other = await visitor.SendAsync(HttpMethod.Get, path, bearer: town.Token(Town.Manager));
        using var owner = await visitor.SendAsync(HttpMethod.Get, path, bearer: town.Token(Town.Member));
        Assert.Equal(HttpStatusCode.Unauthorized, guest.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        Assert.Equal("text/csv", owner.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("cafe-concert-", owner.Content.Headers.ContentDisposition!.FileName!.Trim('"'), StringComparison.Ordinal);
        var lines = (await owner.Content.ReadAsStringAsync()).TrimStart('\uFEFF').Split("\r\n");
        Assert.StartsWith("id,title,status,\"kind of work\",assignee", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"'=HYPERLINK(\"\"http://evil\"\")\",todo,\"On site\",\"Ben Doe\"", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_second_export_of_an_unchanged_project_is_made_from_the_cache()
    {
        await using var town = await Town.StartAsync();
        var project = await town.CreateProjectAsync();
        await town.Cache.SetAsync(
            ProjectCache.ExportKey(project.Id), new ExportContent("kept", 1), ProjectCache.Export, [ProjectCache.Tag(project.Id)]);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listening = town.Get<ChannelClient>().Subscribe(ChannelNames.User(Town.Member), (publication, _) =>
        {
            if (publication.Type == "export-progress" && Read(publication).Status == "done")
            {
                done.TrySetResult();
            }

            return ValueTask.CompletedTask;
        });

        var export = (await town.Get<Exports>().RequestAsync(project.Id, Town.Member, default)).Value!;
        await done.Task.WaitAsync(Limit);

        Assert.Equal("kept", await town.Get<ExportStore>().ContentAsync(export.Id, default));
    }

    [Fact]
    public async Task A_resident_keeps_a_bounded_number_of_exports()
    {
        await using var town = await Town.StartAsync();
        var project = await town.CreateProjectAsync();
        var store = town.Get<ExportStore>();
        for (var i = 0; i < ExportStore.MaximumPerResident + 5; i++)
        {
            await store.InsertAsync($"export-{i:00}", project.Id, Town.Member, "x.csv", i, default);
        }

        Assert.Null(await store.FindAsync("export-04", default));
        Assert.NotNull(await store.FindAsync("export-05", default));
    }

    private static ExportProgress Read(Publication publication) =>
        publication.Read<ExportProgress>()!;
}
