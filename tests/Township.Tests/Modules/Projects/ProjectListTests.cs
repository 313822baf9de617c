using Township.Modules.Projects;
using Township.Platform.Data;
using Township.Platform.Forms;

namespace Township.Tests.Modules.Projects;

[Trait("req", "T-02")]
public sealed class ProjectListTests(PostgresFixture postgres)
{
    public static TheoryData<string> Databases => Town.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Pages_hold_every_row_once_in_order_also_when_many_have_the_same_age(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var project = await town.CreateProjectAsync();
        var (store, sql) = (town.Get<WorkStore>(), town.Get<Database>());
        for (var i = 0; i < 45; i++)
        {
            await store.InsertAsync($"task-{i:00}", project.Id, Valid($"Task {i}"), Town.Manager, 1000 + (i / 10), default);
        }

        var seen = new List<WorkItem>();
        var after = Cursor.Start;
        while (true)
        {
            var page = await store.ListAsync(project.Id, new WorkFilter(null, null, after, 7), default);
            seen.AddRange(page.Items);
            if (page.Next is null)
            {
                break;
            }

            // What comes in newer meanwhile neither shifts nor repeats a row.
            await store.InsertAsync($"late-{seen.Count}", project.Id, Valid("Late"), Town.Manager, 9_999_999, default);
            after = Cursor.Parse(page.Next);
        }

        Assert.Equal(45, seen.Count);
        Assert.Equal(seen.Select(task => task.Id).Distinct(), seen.Select(task => task.Id));
        Assert.Equal(seen.OrderByDescending(task => (task.CreatedAt, task.Id)), seen);
        Assert.Equal(51, await sql.ScalarAsync<long>("select count(*) from tasks"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("%%%")]
    [InlineData("bm9iYXI")]
    [InlineData("MTIzfCc7IGRyb3AgdGFibGU")]
    public void A_cursor_that_cannot_be_read_means_the_first_page(string text) => Assert.True(Cursor.Parse(text).IsStart);

    [Fact]
    public void A_cursor_survives_its_text_form()
    {
        Assert.Equal(Cursor.At(-5, "a-1"), Cursor.Parse(Cursor.At(-5, "a-1").ToString()));
        Assert.Equal(new Cursor("friends | of ž", "o1"), Cursor.Parse(new Cursor("friends | of ž", "o1").ToString()));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_dashboard_counts_what_happened_day_by_day(string database)
    {
        await using var town = await Town.StartAsync(postgres, database);
        var project = await town.CreateProjectAsync();
        var store = town.Get<WorkStore>();
        var now = new DateTimeOffset(2026, 11, 20, 15, 0, 0, TimeSpan.Zero);
        const long Day = 86_400_000;
        var today = now.ToUnixTimeMilliseconds() / Day * Day;
        await store.InsertAsync("old", project.Id, Valid("Old"), Town.Manager, today - (90 * Day), default);
        var late = Valid("Late");
        late.DueOn = "2026-11-19";
        await store.InsertAsync("late", project.Id, late, Town.Manager, today - (2 * Day), default);
        await store.InsertAsync("done", project.Id, Valid("Done", assignee: Town.Member), Town.Manager, today - Day, default);
        await store.UpdateAsync("done", Valid("Done", WorkStatus.Done, Town.Member), today + 3_600_000, default);

        var figures = await store.StatisticsAsync(project.Id, now, default);

        Assert.Equal((2L, 0L, 1L, 1L), (figures.ToDo, figures.Doing, figures.Done, figures.Overdue));
        Assert.Equal(30, figures.Days.Count);
        Assert.Equal(new DayCount("2026-11-18", 1, 0, 2), figures.Days[27]);
        Assert.Equal(new DayCount("2026-11-19", 1, 0, 3), figures.Days[28]);
        Assert.Equal(new DayCount("2026-11-20", 0, 1, 2), figures.Days[29]);
        Assert.Equal(25 / 24.0, figures.AverageDays!.Value, 6);
        Assert.Equal([new AssigneeCount(Town.Member, "", 0, 1), new AssigneeCount(null, "", 2, 0)], figures.Assignees);
    }

    private static WorkItemInput Valid(string title, string status = WorkStatus.ToDo, string? assignee = null) => new()
    {
        Title = title, Details = "", Status = status, Kind = WorkKinds.All[0], AssigneeId = assignee,
    };
}
