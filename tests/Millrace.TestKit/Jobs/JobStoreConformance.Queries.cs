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

        Assert.Equal(["d", "a", "b", "c"], await IdsAsync(new JobQuery()));
        Assert.Equal(["a", "b"], await IdsAsync(new JobQuery { Queue = "email" }));
        Assert.Equal(["b", "c"], await IdsAsync(new JobQuery { Type = "digest" }));
        Assert.Equal(["a", "c"], (await IdsAsync(new JobQuery { Tag = "user:1" })).Order());
        Assert.Equal(["a"], await IdsAsync(new JobQuery { Tag = "user:1", Queue = "email" }));
        Assert.Equal(["c"], await IdsAsync(new JobQuery { State = JobState.Scheduled }));
        Assert.Equal(["d"], await IdsAsync(new JobQuery { State = JobState.Running }));
        Assert.Equal(["a"], await IdsAsync(new JobQuery { State = JobState.Waiting, Queue = "email", Type = "welcome", Tag = "bulk" }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "user:%" }));
        Assert.Empty(await IdsAsync(new JobQuery { Queue = "Email" }));
    }

    [Theory, Trait("req", "J-08")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public async Task List_finds_the_jobs_of_a_time(int pageSize)
    {
        var start = Clock.GetUtcNow();
        var minute = TimeSpan.FromMinutes(1);
        for (var i = 0; i < 5; i++)
        {
            await EnqueueAsync(Job($"done-{i}", "email", tags: ["all"]), Job($"dead-{i}", "report", tags: ["all"]), Job($"run-{i}", "run", tags: ["all"]));
            foreach (var queue in (string[])["email", "report", "run"])
            {
                var job = Assert.Single(await ClaimAsync(1, "w1", queue));
                await (queue == "run" ? Task.CompletedTask : FinishAsync(job, queue == "email" ? FinishKind.Completed : FinishKind.Dead, error: queue == "email" ? null : "boom"));
            }

            await EnqueueAsync(Job($"late-{i}", "late", delay: TimeSpan.FromHours(1)), Job($"wait-{i}", i % 2 == 0 ? "wait" : "also", priority: i));
            Clock.Advance(minute);
        }

        var (from, until) = (start + minute, start + (3 * minute));
        var hour = TimeSpan.FromHours(1);
        await FindsAsync(JobState.Completed, ["done-2", "done-1"], from, until);
        await FindsAsync(JobState.Dead, ["dead-2", "dead-1"], from, until);
        await FindsAsync(JobState.Running, ["run-1", "run-2"], from, until);
        await FindsAsync(JobState.Scheduled, ["late-1", "late-2"], from + hour, until + hour);
        await FindsAsync(JobState.Waiting, ["wait-2", "wait-1"], from, until);
        await FindsAsync(JobState.Completed, ["done-4", "done-3"], until, null);
        await FindsAsync(JobState.Running, ["run-0"], null, from);
        await FindsAsync(JobState.Dead, ["dead-0"], null, from);
        await FindsAsync(JobState.Dead, ["dead-1"], from - TimeSpan.FromTicks(1), from + TimeSpan.FromTicks(1));
        await FindsAsync(JobState.Dead, [], until, from);
        await FindsAsync(JobState.Completed, [], start + hour, null);
        await FindsAsync(JobState.Scheduled, [], null, start + hour);
        Assert.Equal(["run-1", "wait-1", "dead-1", "done-1"], await PagesAsync(new JobQuery { From = from, Until = from + minute, PageSize = pageSize }, static () => Task.CompletedTask));
        Assert.Equal(
            ["dead-1", "dead-2", "done-1", "done-2", "run-1", "run-2"],
            (await PagesAsync(new JobQuery { Tag = "all", From = from, Until = until, PageSize = pageSize }, static () => Task.CompletedTask)).Order(StringComparer.Ordinal));

        async Task FindsAsync(JobState state, string[] ids, DateTimeOffset? first, DateTimeOffset? last) =>
            Assert.Equal(ids, await PagesAsync(new JobQuery { State = state, From = first, Until = last, PageSize = pageSize }, static () => Task.CompletedTask));
    }

    [Fact, Trait("req", "J-08")]
    public async Task List_finds_the_blocked_jobs_of_a_time()
    {
        var start = Clock.GetUtcNow();
        await EnqueueAsync(Job("first"));
        for (var i = 0; i < 4; i++)
        {
            await Store.EnqueueFlowAsync([Job($"blocked-{i}") with { After = [new JobAddress("default", "first")] }], 1_000);
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var query = new JobQuery { State = JobState.Blocked, From = start.AddMinutes(1), Until = start.AddMinutes(3), PageSize = 1 };
        Assert.Equal(["blocked-1", "blocked-2"], await PagesAsync(query, static () => Task.CompletedTask));
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

    [Theory, Trait("req", "J-08")]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public async Task Jobs_come_by_state_and_within_it_in_the_order_in_which_they_matter(int pageSize)
    {
        await EnqueueAsync(Job("dead-1"), Job("dead-2"), Job("done-1"), Job("done-2"), Job("gone-1"), Job("run-1"), Job("run-2"));
        var claimed = new Dictionary<string, ClaimedJob>();
        for (var i = 0; i < 7; i++)
        {
            var job = await ClaimOneAsync();
            claimed[job.Id] = job;
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        foreach (var (id, kind) in ((string, FinishKind)[])
            [("done-2", FinishKind.Completed), ("dead-2", FinishKind.Dead), ("done-1", FinishKind.Completed), ("gone-1", FinishKind.Cancelled), ("dead-1", FinishKind.Dead)])
        {
            await FinishAsync(claimed[id], kind, error: "boom");
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        var hour = TimeSpan.FromHours(1);
        await EnqueueAsync(Job("wait-3"), Job("late-2", delay: 2 * hour), Job("wait-4", "other"), Job("late-1", "other", delay: hour), Job("wait-5"), Job("wait-2", priority: 1), Job("wait-1", "other", priority: 2));

        Assert.Equal(
            ["run-1", "run-2", "wait-1", "wait-2", "wait-3", "wait-4", "wait-5", "late-1", "late-2", "dead-1", "dead-2", "gone-1", "done-1", "done-2"],
            Ties(await PagesAsync(new JobQuery { PageSize = pageSize }, static () => Task.CompletedTask)));
        Assert.Equal(["wait-2", "wait-3", "wait-5"], await PagesAsync(new JobQuery { State = JobState.Waiting, Queue = "default", PageSize = pageSize }, static () => Task.CompletedTask));
        Assert.Equal(["done-1", "done-2"], await PagesAsync(new JobQuery { State = JobState.Completed, PageSize = pageSize }, static () => Task.CompletedTask));

        // Of jobs that are alike in all that orders them, those of either queue may come first.
        static IEnumerable<string> Ties(List<string> ids)
        {
            var first = ids.IndexOf("wait-3") is >= 0 and var index ? index : throw new InvalidOperationException("wait-3 is not listed");
            Assert.True(ids.IndexOf("wait-5") > first);
            return [.. ids.Take(4), .. ids.Skip(4).Take(3).Order(StringComparer.Ordinal), .. ids.Skip(7)];
        }
    }

    [Theory, Trait("req", "J-08")]
    [InlineData(null)]
    [InlineData("t")]
    public async Task Pages_follow_each_other_without_gap_or_repeat_while_jobs_arrive(string? tag)
    {
        var jobs = Enumerable.Range(0, 25).Select(_ => Job(tags: tag is null ? [] : [tag])).ToArray();
        await EnqueueAsync(jobs);
        var seen = await PagesAsync(new JobQuery { PageSize = 10, Tag = tag }, () => EnqueueAsync(Job(priority: -1, tags: tag is null ? [] : [tag])), pages: 3);

        Assert.Equal(tag is null ? jobs.Select(static job => job.Id) : jobs.Reverse().Select(static job => job.Id), seen.Take(25));
        Assert.Equal(seen.Distinct().Count(), seen.Count);
    }

    [Fact, Trait("req", "J-08")]
    public async Task A_cursor_of_one_state_is_not_taken_for_another()
    {
        await EnqueueAsync(Jobs(3));
        var cursor = (await Store.ListAsync(new JobQuery { State = JobState.Waiting, PageSize = 1 })).Next;

        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ListAsync(new JobQuery { State = JobState.Dead, Cursor = cursor }));
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

    private async Task<List<string>> PagesAsync(JobQuery query, Func<Task> between, int pages = 100)
    {
        var seen = new List<string>();
        for (var page = 0; page < pages; page++)
        {
            var found = await Store.ListAsync(query);
            Assert.InRange(found.Jobs.Count, 0, query.PageSize);
            seen.AddRange(found.Jobs.Select(static job => job.Id));
            query = query with { Cursor = found.Next };
            if (query.Cursor is null)
            {
                break;
            }

            await between();
        }

        return seen;
    }
}
