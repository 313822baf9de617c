using System.Text;
using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobGuardConformance
{
    [Fact, Trait("req", "J-10")]
    public async Task A_job_waits_until_those_before_it_have_completed_and_gets_their_results()
    {
        await FlowAsync(Job("a", "q1"), Job("b", "q2"), After(Job("c", "q3"), "q1/a", "q2/b"));
        Assert.Equal(JobState.Blocked, await StateOfAsync("c"));
        Assert.Equal((1, 0), ((await QueueAsync("q3")).Blocked, (await QueueAsync("q3")).Waiting));
        Assert.Equal(["c"], await IdsAsync(new JobQuery { State = JobState.Blocked }));

        await EndAsync("a", "q1", FinishKind.Completed, "1");
        Assert.Equal(JobState.Blocked, await StateOfAsync("c"));
        Clock.Advance(TimeSpan.FromSeconds(2));
        await EndAsync("b", "q2", FinishKind.Completed, "2");

        Assert.Equal((JobState.Waiting, Clock.GetUtcNow()), ((await GetAsync("c")).State, (await GetAsync("c")).DueAt));
        var claimed = Assert.Single(await ClaimAsync(10, "w1", "q3"));
        Assert.Equal(("c", 1), (claimed.Id, claimed.Attempt));
        Assert.Equal((0, 1), ((await QueueAsync("q3")).Blocked, (await QueueAsync("q3")).Running));
        Assert.Equal(["q1/a completed 1", "q2/b completed 2"], await LinksAsync("c"));
        Assert.Equal([new JobAddress("q3", "c")], (await Store.GetLinksAsync("a"))!.Before);
    }

    [Theory, Trait("req", "J-10"), Trait("peer", "8")]
    [InlineData(FinishKind.Completed, false)]
    [InlineData(FinishKind.Completed, true)]
    [InlineData(FinishKind.Dead, false)]
    [InlineData(FinishKind.Cancelled, false)]
    public async Task An_end_that_came_before_the_dependent_counts(FinishKind kind, bool kept)
    {
        await EnqueueAsync(Job("a", "q1"));
        await EndAsync("a", "q1", kind, "1", remove: kept);
        await FlowAsync(After(Job("b"), JobCondition.AllEnded, "q1/a"), After(Job("c"), JobCondition.AnyFailed, "q1/a"));

        Assert.Equal(JobState.Waiting, await StateOfAsync("b"));
        var failed = kind != FinishKind.Completed || kept; // removed: nobody can tell any more how it ended
        Assert.Equal(failed ? JobState.Waiting : JobState.Cancelled, await StateOfAsync("c"));
    }

    [Theory, Trait("req", "J-10")]
    [InlineData(JobCondition.AllCompleted, FinishKind.Completed, JobState.Waiting)]
    [InlineData(JobCondition.AllCompleted, FinishKind.Dead, JobState.Blocked)]
    [InlineData(JobCondition.AllCompleted, FinishKind.Cancelled, JobState.Cancelled)]
    [InlineData(JobCondition.AllCompletedOrCancel, FinishKind.Completed, JobState.Waiting)]
    [InlineData(JobCondition.AllCompletedOrCancel, FinishKind.Dead, JobState.Cancelled)]
    [InlineData(JobCondition.AllCompletedOrCancel, FinishKind.Cancelled, JobState.Cancelled)]
    [InlineData(JobCondition.AllEnded, FinishKind.Completed, JobState.Waiting)]
    [InlineData(JobCondition.AllEnded, FinishKind.Dead, JobState.Waiting)]
    [InlineData(JobCondition.AllEnded, FinishKind.Cancelled, JobState.Waiting)]
    [InlineData(JobCondition.AnyFailed, FinishKind.Completed, JobState.Cancelled)]
    [InlineData(JobCondition.AnyFailed, FinishKind.Dead, JobState.Waiting)]
    [InlineData(JobCondition.AnyFailed, FinishKind.Cancelled, JobState.Waiting)]
    public async Task The_condition_decides_what_an_end_does(JobCondition condition, FinishKind kind, JobState expected)
    {
        await FlowAsync(Job("a", "q1"), Job("b", "q1"), After(Job("c"), condition, "q1/a", "q1/b"));
        await EndAsync("a", "q1", FinishKind.Completed);
        Assert.Equal(JobState.Blocked, await StateOfAsync("c"));
        await EndAsync("b", "q1", kind);

        var job = await GetAsync("c");
        Assert.Equal(expected, job.State);
        Assert.Equal(expected == JobState.Cancelled, job.FinishedAt is not null);
        Assert.Equal(
            (expected, kind) switch
            {
                (not JobState.Cancelled, _) => null,
                (_, FinishKind.Completed) => "It was not needed: all jobs that it waited for completed.",
                (_, FinishKind.Dead) => "The job 'b' that it waited for is dead.",
                _ => "The job 'b' that it waited for was cancelled or removed.",
            },
            job.Error);
    }

    [Fact, Trait("req", "J-10")]
    public async Task Any_failure_is_enough_at_once()
    {
        await FlowAsync(Job("a", "q1"), Job("b", "q1"), After(Job("c"), JobCondition.AnyFailed, "q1/a", "q1/b"));
        await EndAsync("a", "q1", FinishKind.Dead);
        Assert.Equal(JobState.Waiting, await StateOfAsync("c"));
        await EndAsync("b", "q1", FinishKind.Completed, "2");
        Assert.Equal(["q1/a dead", "q1/b completed 2"], await LinksAsync("c"));
    }

    [Fact, Trait("req", "J-10"), Trait("req", "J-06")]
    public async Task A_dead_job_that_is_replayed_and_completes_lets_the_flow_go_on()
    {
        await FlowAsync(Job("a", "q1"), After(Job("b"), "q1/a"));
        await EndAsync("a", "q1", FinishKind.Dead);
        Assert.Equal(["q1/a dead"], await LinksAsync("b"));
        await Store.ReplayAsync(["a"], 0);
        await EndAsync("a", "q1", FinishKind.Completed, "5");
        Assert.Equal(JobState.Waiting, await StateOfAsync("b"));
        Assert.Equal(["q1/a completed 5"], await LinksAsync("b"));
    }

    [Theory, Trait("req", "J-10")]
    [InlineData("cancel")]
    [InlineData("delete")]
    [InlineData("delete the dead")]
    [InlineData("retention")]
    public async Task A_job_that_goes_takes_those_along_that_wait_for_its_completion(string how)
    {
        await FlowAsync(Job("a", "q1"), After(Job("b", "q2"), "q1/a"), After(Job("c"), "q2/b"), After(Job("d"), JobCondition.AllEnded, "default/c"));
        switch (how)
        {
            case "cancel":
                await Store.CancelAsync("a");
                break;
            case "delete":
                await Store.DeleteAsync(["a"]);
                break;
            default:
                await EndAsync("a", "q1", FinishKind.Dead);
                Assert.Equal(JobState.Blocked, await StateOfAsync("b"));
                if (how == "retention")
                {
                    await SweepAsync(dead: new JobRetention(TimeSpan.FromDays(1), 0));
                }
                else
                {
                    await Store.DeleteAsync(["a"]);
                }

                break;
        }

        var b = await GetAsync("b");
        Assert.Equal((JobState.Cancelled, Clock.GetUtcNow()), (b.State, b.FinishedAt));
        Assert.Equal("The job 'a' that it waited for was cancelled or removed.", b.Error);
        Assert.Equal("The job 'b' that it waited for was cancelled or removed.", (await GetAsync("c")).Error);
        Assert.Equal(JobState.Waiting, await StateOfAsync("d"));
        Assert.Equal(["default/c cancelled"], await LinksAsync("d"));
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_completed_job_that_is_removed_passes_its_result_on()
    {
        await FlowAsync(Job("a", "q1"), After(Job("b", "q2"), "q1/a"), After(Job("c", "q1"), "q1/a"));
        await EndAsync("a", "q1", FinishKind.Completed, "7", remove: true);
        Assert.Null(await Store.GetAsync("a"));
        Assert.Equal(["q1/a completed 7"], await LinksAsync("b"));
        Assert.Equal(["q1/a completed 7"], await LinksAsync("c"));
        Assert.Equal((JobState.Waiting, JobState.Waiting), (await StateOfAsync("b"), await StateOfAsync("c")));
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_job_whose_worker_died_for_the_last_time_counts_as_dead()
    {
        await FlowAsync(Job("a", maxAttempts: 1), After(Job("b", "q2"), JobCondition.AnyFailed, "default/a"));
        await ClaimOneAsync();
        Clock.Advance(Lease + TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.Equal(JobState.Waiting, await StateOfAsync("b"));
        Assert.Equal(["default/a dead"], await LinksAsync("b"));
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_delay_begins_when_the_wait_is_over_and_a_time_is_a_time()
    {
        var start = Clock.GetUtcNow();
        await FlowAsync(
            Job("a", "q1"),
            After(Job("b", delay: TimeSpan.FromSeconds(30)), "q1/a"),
            After(Job("c") with { At = start.AddSeconds(40) }, "q1/a"),
            After(Job("d") with { At = start.AddSeconds(5) }, "q1/a"));
        Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(await ClaimAsync());
        await EndAsync("a", "q1", FinishKind.Completed);

        Assert.Equal((JobState.Scheduled, start.AddSeconds(50)), ((await GetAsync("b")).State, (await GetAsync("b")).DueAt));
        Assert.Equal((JobState.Scheduled, start.AddSeconds(40)), ((await GetAsync("c")).State, (await GetAsync("c")).DueAt));
        Assert.Equal(["d"], (await ClaimAsync()).Select(static job => job.Id));
        Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(["c", "b"], (await ClaimAsync()).Select(static job => job.Id));
    }

    [Fact, Trait("req", "J-10"), Trait("req", "J-08")]
    public async Task A_blocked_job_can_be_cancelled_and_deleted()
    {
        await FlowAsync(Job("a", "q1"), After(Job("b"), "q1/a"), After(Job("c"), "q1/a"), After(Job("d"), JobCondition.AllEnded, "default/b", "default/c"));
        Assert.Equal(CancelStatus.Cancelled, await Store.CancelAsync("b"));
        Assert.Equal(["c"], await Store.DeleteAsync(["c"]));
        Assert.Equal(JobState.Waiting, await StateOfAsync("d"));
        await EndAsync("a", "q1", FinishKind.Completed);
        Assert.Equal(JobState.Cancelled, await StateOfAsync("b"));
        Assert.Null(await Store.GetAsync("c"));
        Assert.Null(await Store.GetLinksAsync("c"));
        Assert.Equal(CancelStatus.AlreadyEnded, await Store.CancelAsync("b"));
    }

    [Fact, Trait("req", "J-10"), Trait("req", "J-11")]
    public async Task A_flow_that_is_enqueued_again_adds_nothing()
    {
        NewJob[] flow = [Job("a", "q1"), After(Job("b"), "q1/a"), After(Job("c", "q1"), "default/b", "q1/a")];
        Assert.Empty((await Store.EnqueueFlowAsync(flow, 100)).Existing);
        await EndAsync("a", "q1", FinishKind.Completed);
        Assert.Equal(["a", "b", "c"], (await Store.EnqueueFlowAsync(flow, 100)).Existing);
        await EndAsync("b", "default", FinishKind.Completed);
        Assert.Equal((JobState.Completed, JobState.Completed, JobState.Waiting), (await StateOfAsync("a"), await StateOfAsync("b"), await StateOfAsync("c")));
        Assert.Equal(["c"], (await ClaimAsync(10, "w1", "q1", "default")).Select(static job => job.Id));
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_flow_is_stored_whole_or_not_at_all()
    {
        await EnqueueAsync(Job("x", "q2"), Job("y", "q2"));
        var outcome = await Store.EnqueueFlowAsync([Job("a", "q1"), After(Job("b", "q2"), "q1/a")], 2);
        Assert.Equal("q2", outcome.FullQueue);
        Assert.Null(await Store.GetAsync("a"));
        Assert.Null(await Store.GetAsync("b"));

        Assert.Null((await Store.EnqueueFlowAsync([Job("a", "q1"), After(Job("b", "q3"), "q1/a")], 2)).FullQueue);
        Assert.Null((await Store.EnqueueFlowAsync([After(Job("c", "q3"), "q1/a")], 2)).FullQueue);
        Assert.Equal("q3", (await Store.EnqueueFlowAsync([After(Job("d", "q3"), "q1/a")], 2)).FullQueue); // blocked jobs count
        Assert.Equal("q3", (await Store.EnqueueAsync([Job("e", "q3")], 2)).FullQueue);
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_job_that_names_one_that_is_not_there_does_not_wait_for_ever()
    {
        await EnqueueAsync(Job("x", "q1"));
        await FlowAsync(After(Job("a"), "q1/nobody"), After(Job("b"), JobCondition.AllEnded, "q2/x"), After(Job("c"), "default/b", "q1/x"));
        Assert.Equal(JobState.Cancelled, await StateOfAsync("a"));
        Assert.Equal(JobState.Waiting, await StateOfAsync("b"));
        Assert.Equal(JobState.Blocked, await StateOfAsync("c"));
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_parent_of_many_children_runs_once_with_all_their_results()
    {
        var children = Enumerable.Range(0, 200).Select(i => Job($"child-{i:000}", $"q{i % 3}")).ToArray();
        await FlowAsync([.. children, After(Job("parent"), [.. children.Select(static child => $"{child.Queue}/{child.Id}")])]);
        for (var i = 0; i < 3; i++)
        {
            var claimed = await ClaimAsync(100, "w1", $"q{i}");
            var answers = await Store.FinishAsync([.. claimed.Select(job => new JobFinish { Run = Run(job), Kind = FinishKind.Completed, Remove = i == 1, Result = Encoding.UTF8.GetBytes($"\"{job.Id}\"") })]);
            Assert.All(answers, static answer => Assert.Equal(FinishStatus.Applied, answer.Status));
        }

        Assert.Equal("parent", Assert.Single(await ClaimAsync()).Id);
        Assert.Equal(children.Select(static child => $"{child.Queue}/{child.Id} completed \"{child.Id}\""), await LinksAsync("parent"));
    }

    [Fact, Trait("req", "J-10")]
    public async Task Results_beyond_the_limit_are_left_out_and_that_is_said()
    {
        var large = $"\"{new string('x', JobLimits.MaximumLinkResults / 2)}\"";
        await FlowAsync(Job("a", "q1"), Job("b", "q1"), Job("c", "q1"), After(Job("d"), "q1/a", "q1/b", "q1/c"));
        await EndAsync("a", "q1", FinishKind.Completed, large);
        await EndAsync("b", "q1", FinishKind.Completed, large);
        await EndAsync("c", "q1", FinishKind.Completed, "3");
        Assert.Equal(JobState.Waiting, await StateOfAsync("d"));
        var links = (await Store.GetLinksAsync("d"))!.After;
        Assert.Equal([(true, false), (false, true), (true, false)], links.Select(static link => (link.Result is not null, link.ResultOmitted)));
    }

    [Fact, Trait("req", "J-10")]
    public async Task A_long_chain_of_cancelled_jobs_goes_in_one_step()
    {
        var chain = Enumerable.Range(0, 500).Select(i => i == 0 ? Job("c0", "q0") : After(Job($"c{i}", $"q{i % 2}"), $"q{(i - 1) % 2}/c{i - 1}")).ToArray();
        await FlowAsync(chain);
        await Store.CancelAsync("c0");
        Assert.Equal(JobState.Cancelled, await StateOfAsync("c499"));
        Assert.Equal(0, (await QueueAsync("q0")).Blocked + (await QueueAsync("q1")).Blocked);
    }

    [Fact, Trait("req", "J-10"), Trait("peer", "8")]
    public async Task Ends_that_come_at_once_leave_no_parent_behind()
    {
        const int Children = 32;
        for (var round = 0; round < 5; round++)
        {
            var children = Enumerable.Range(0, Children).Select(i => Job($"r{round}c{i}", $"q{i % 4}")).ToArray();
            await FlowAsync([.. children, After(Job($"parent{round}"), [.. children.Select(static child => $"{child.Queue}/{child.Id}")])]);
            var claimed = await ClaimAsync(Children, "w1", "q0", "q1", "q2", "q3");
            Assert.Equal(Children, claimed.Count);
            await Task.WhenAll(claimed.Select(job => Task.Run(async () => await Store.FinishAsync([new JobFinish { Run = Run(job), Kind = FinishKind.Completed, Remove = round % 2 == 0 }]))));
            await SweepAsync(); // whoever was told nothing because another held the turn
            Assert.Equal($"parent{round}", (await ClaimOneAsync()).Id);
        }
    }

    [Fact, Trait("req", "J-10"), Trait("peer", "8")]
    public async Task A_job_that_begins_to_wait_while_the_other_ends_is_told()
    {
        for (var round = 0; round < 30; round++)
        {
            await EnqueueAsync(Job($"a{round}", "q1"));
            var claimed = Assert.Single(await ClaimAsync(1, "w1", "q1"));
            var flow = After(Job($"b{round}", "q2"), JobCondition.AllEnded, $"q1/a{round}");
            await Task.WhenAll(
                Task.Run(async () => await Store.FinishAsync([new JobFinish { Run = Run(claimed), Kind = FinishKind.Completed }])),
                Task.Run(async () => await Store.EnqueueFlowAsync([flow], 1_000)));
            await SweepAsync();
            Assert.Equal(JobState.Waiting, await StateOfAsync($"b{round}"));
        }
    }

    [Fact, Trait("req", "J-10")]
    public async Task Jobs_without_links_have_none()
    {
        await EnqueueAsync(Job("a"));
        var links = await Store.GetLinksAsync("a");
        Assert.Empty(links!.After);
        Assert.Empty(links.Before);
        Assert.Null(await Store.GetLinksAsync("nobody"));
    }

    private protected static NewJob After(NewJob job, params string[] before) => After(job, JobCondition.AllCompleted, before);

    private protected static NewJob After(NewJob job, JobCondition condition, params string[] before) => job with
    {
        Condition = condition,
        After = [.. before.Select(static address => new JobAddress(address.Split('/')[0], address.Split('/')[1]))],
    };

    private protected async Task FlowAsync(params NewJob[] jobs)
    {
        var outcome = await Store.EnqueueFlowAsync(jobs, 1_000_000);
        Assert.Null(outcome.FullQueue);
        Assert.Empty(outcome.Existing);
    }

    private protected async Task EndAsync(string id, string queue, FinishKind kind, string? result = null, bool remove = false)
    {
        var claimed = Assert.Single(await ClaimAsync(1, "w1", queue));
        Assert.Equal(id, claimed.Id);
        var finish = new JobFinish { Run = Run(claimed), Kind = kind, Error = kind == FinishKind.Dead ? "boom" : null, Remove = remove, Result = result is null || kind != FinishKind.Completed ? null : Encoding.UTF8.GetBytes(result) };
        Assert.Equal(FinishStatus.Applied, Assert.Single(await Store.FinishAsync([finish])).Status);
    }

    private protected async Task<string[]> LinksAsync(string id) =>
        [.. (await Store.GetLinksAsync(id))!.After.Select(static link => $"{link.Job.Queue}/{link.Job.Id} {link.Ended?.ToString().ToLowerInvariant() ?? "open"} {(link.Result is { } result ? Encoding.UTF8.GetString(result.Span) : "")}".Trim())];
}
