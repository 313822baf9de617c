using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobStoreConformance
{
    [Fact, Trait("req", "J-08")]
    public async Task List_filters_by_state_queue_type_and_tag()
    {
        await EnqueueAsync(
            Job("a", "email", type: "welcome", tags: ["user:1", "bulk"]),
            Job("b", "email", type: "digest", tags: ["user:12"]),
            Job("c", "report", type: "digest", delay: TimeSpan.FromHours(1), tags: ["user:1"]),
            Job("d", "report"));
        await ClaimAsync(1, "w1", "report");

        Assert.Equal(["d", "c", "b", "a"], await IdsAsync(new JobQuery()));
        Assert.Equal(["b", "a"], await IdsAsync(new JobQuery { Queue = "email" }));
        Assert.Equal(["c", "b"], await IdsAsync(new JobQuery { Type = "digest" }));
        Assert.Equal(["c", "a"], await IdsAsync(new JobQuery { Tag = "user:1" }));
        Assert.Equal(["c"], await IdsAsync(new JobQuery { State = JobState.Scheduled }));
        Assert.Equal(["d"], await IdsAsync(new JobQuery { State = JobState.Running }));
        Assert.Equal(["a"], await IdsAsync(new JobQuery { State = JobState.Waiting, Queue = "email", Type = "welcome", Tag = "bulk" }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "user:%" }));
        Assert.Empty(await IdsAsync(new JobQuery { Queue = "Email" }));
    }

    [Theory, Trait("req", "J-08")]
    [InlineData("quote'; drop table jobs; --", "percent%_")]
    [InlineData("комната/№1", "emoji 🎡")]
    public async Task Names_and_tags_are_data(string queue, string tag)
    {
        await EnqueueAsync(Job("a", queue, tags: [tag]));

        Assert.Equal(["a"], await IdsAsync(new JobQuery { Queue = queue, Tag = tag }));
        Assert.Equal(queue, Assert.Single(await ClaimAsync(1, "w1", queue)).Queue);
    }

    [Fact, Trait("req", "J-08")]
    public async Task Pages_follow_each_other_without_gap_or_repeat_while_jobs_arrive()
    {
        await EnqueueAsync(Jobs(25));
        var seen = new List<string>();
        var query = new JobQuery { PageSize = 10 };
        var sizes = new List<int>();
        do
        {
            var page = await Store.ListAsync(query);
            seen.AddRange(page.Jobs.Select(static job => job.Id));
            sizes.Add(page.Jobs.Count);
            query = query with { Cursor = page.Next };
            await EnqueueAsync(Job());
        }
        while (query.Cursor is not null);

        Assert.Equal([10, 10, 5], sizes);
        Assert.Equal(Enumerable.Range(1, 25).Reverse().Select(static n => $"job-{n:0000}"), seen);
    }

    [Fact, Trait("req", "J-08")]
    public async Task A_full_last_page_has_no_next()
    {
        await EnqueueAsync(Jobs(10));

        Assert.Null((await Store.ListAsync(new JobQuery { PageSize = 10 })).Next);
        Assert.NotNull((await Store.ListAsync(new JobQuery { PageSize = 9 })).Next);
    }

    [Theory, Trait("req", "J-08")]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("1; drop table jobs")]
    [InlineData("99999999999999999999999999")]
    public async Task A_foreign_cursor_is_an_argument_error(string cursor) =>
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ListAsync(new JobQuery { Cursor = cursor }));

    [Fact, Trait("req", "J-15")]
    public async Task Queues_count_their_jobs_by_state()
    {
        await EnqueueAsync([.. Jobs(8, "a"), Job("late", "a", delay: TimeSpan.FromHours(1)), Job("other", "b")]);
        var claimed = await ClaimAsync(6, "w1", "a");
        await FinishAsync(claimed[0], FinishKind.Completed);
        await FinishAsync(claimed[1], FinishKind.Completed);
        await FinishAsync(claimed[2], FinishKind.Dead, error: "boom");
        await FinishAsync(claimed[3], FinishKind.Cancelled);
        await FinishAsync(claimed[4], FinishKind.Retry, TimeSpan.FromHours(1), "boom");
        await Store.SetQueuePausedAsync("c", true);

        Assert.Equal(
            [
                new QueueStatus { Name = "a", Waiting = 2, Delayed = 1, Retrying = 1, Running = 1, Completed = 2, Dead = 1, Cancelled = 1 },
                new QueueStatus { Name = "b", Waiting = 1 },
                new QueueStatus { Name = "c", Paused = true },
            ],
            await Store.GetQueuesAsync());
    }

    [Fact, Trait("req", "J-15")]
    public async Task A_queue_without_jobs_is_not_listed()
    {
        await EnqueueAsync(Job("a", "brief"));
        await Store.DeleteAsync(["a"]);
        await ClaimAsync(1, "w1", "never");

        Assert.Empty(await Store.GetQueuesAsync());
    }

    [Fact, Trait("req", "J-08")]
    public async Task Get_of_an_unknown_job_is_null() => Assert.Null(await Store.GetAsync("nobody"));

    [Fact, Trait("req", "J-15")]
    public async Task Workers_are_listed_with_what_they_hold()
    {
        await EnqueueAsync(Jobs(3));
        await ClaimAsync(2, "w2");
        await HeartbeatAsync("w1");

        var workers = await Store.GetWorkersAsync();
        Assert.Equal(["w1", "w2"], workers.Select(static worker => worker.Identity.Id));
        Assert.Equal([0, 2], workers.Select(static worker => worker.Running));
        Assert.Equal(("host", 1), (workers[0].Identity.Host, workers[0].Identity.ProcessId));
    }
}
