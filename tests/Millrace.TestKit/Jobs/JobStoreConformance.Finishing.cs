using System.Text;
using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobStoreConformance
{
    [Fact, Trait("req", "J-07")]
    public async Task Completed_keeps_the_result_and_clears_the_error()
    {
        await EnqueueAsync(Job("a"));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Retry, error: "boom");
        Assert.Equal("boom", (await GetAsync("a")).Error);
        Clock.Advance(TimeSpan.FromSeconds(1));
        var answer = await FinishAsync(await ClaimOneAsync(), FinishKind.Completed, result: "[1]");

        Assert.Equal(new FinishResult(FinishStatus.Applied, JobState.Completed), answer);
        var job = await GetAsync("a");
        Assert.Equal((JobState.Completed, null, null), (job.State, job.Error, job.WorkerId));
        Assert.Equal("[1]", Encoding.UTF8.GetString(job.Result!.Value.Span));
        Assert.Equal(Clock.GetUtcNow(), job.FinishedAt);
        Assert.Equal(2, job.Attempt);
    }

    [Fact, Trait("req", "J-07"), Trait("req", "J-16")]
    public async Task A_job_keeps_the_last_lines_that_it_logged_until_it_is_removed()
    {
        await EnqueueAsync(Job("a"), Job("b"));
        var claimed = await ClaimAsync(2);
        for (var line = 0; line < JobLimits.MaximumLogLines + 5; line++)
        {
            Assert.True(await Store.AppendLogAsync(Run(claimed[0]), $"line {line}"));
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.True(await Store.AppendLogAsync(Run(claimed[1]), "ü, with a comma"));
        var log = await Store.GetLogAsync("a");
        Assert.Equal(Enumerable.Range(5, JobLimits.MaximumLogLines).Select(static line => $"line {line}"), log.Select(static line => line.Text));
        Assert.Equal(Clock.GetUtcNow().AddMilliseconds(-1), log[^1].At);
        Assert.Equal([new JobLogLine(Clock.GetUtcNow(), "ü, with a comma")], await Store.GetLogAsync("b"));

        await FinishAsync(claimed[0], FinishKind.Retry);
        Assert.False(await Store.AppendLogAsync(Run(claimed[0]), "too late"));
        var again = await ClaimOneAsync();
        Assert.True(await Store.AppendLogAsync(Run(again), "again"));
        await FinishAsync(again, FinishKind.Completed);
        Assert.Equal("again", (await Store.GetLogAsync("a"))[^1].Text);
        await Store.DeleteAsync(["a"]);
        Assert.Empty(await Store.GetLogAsync("a"));
        await Store.FinishAsync([new JobFinish { Run = Run(claimed[1]), Kind = FinishKind.Completed, Remove = true }]);
        Assert.Empty(await Store.GetLogAsync("b"));
        await EnqueueAsync(Job("a"), Job("b"));
        Assert.Empty(await Store.GetLogAsync("a"));
        Assert.Empty(await Store.GetLogAsync("b"));
    }

    [Fact, Trait("req", "J-05")]
    public async Task Retry_schedules_the_next_attempt_by_the_stores_clock()
    {
        await EnqueueAsync(Job("a"));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Retry, TimeSpan.FromSeconds(8), "boom");

        var job = await GetAsync("a");
        Assert.Equal((JobState.Scheduled, "boom", 1), (job.State, job.Error, job.Attempt));
        Assert.Equal(Clock.GetUtcNow() + TimeSpan.FromSeconds(8), job.DueAt);
        Assert.Null(job.FinishedAt);
        Assert.Equal((1, 0), ((await QueueAsync()).Retrying, (await QueueAsync()).Delayed));
        Assert.Empty(await ClaimAsync());
        Clock.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(2, (await ClaimOneAsync()).Attempt);
    }

    [Fact, Trait("req", "J-06")]
    public async Task Dead_keeps_queue_payload_error_attempts_and_time()
    {
        await EnqueueAsync(Job("a", "email"));
        var claimed = Assert.Single(await ClaimAsync(1, "w1", "email"));
        await FinishAsync(claimed, FinishKind.Dead, error: "no such address");

        var job = await GetAsync("a");
        Assert.Equal((JobState.Dead, "email", "work", "no such address", 1), (job.State, job.Queue, job.Type, job.Error, job.Attempt));
        Assert.Equal(Clock.GetUtcNow(), job.FinishedAt);
        Assert.False(job.Payload.IsEmpty);
        Assert.Empty(await ClaimAsync(1, "w1", "email"));
    }

    [Fact, Trait("req", "J-05")]
    public async Task Snoozed_comes_back_later_without_counting_the_attempt()
    {
        await EnqueueAsync(Job("a", maxAttempts: 1));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Snoozed, TimeSpan.FromSeconds(5));

        var job = await GetAsync("a");
        Assert.Equal((JobState.Scheduled, 0), (job.State, job.Attempt));
        Assert.Equal(1, (await QueueAsync()).Delayed);
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, (await ClaimOneAsync()).Attempt);
    }

    [Fact, Trait("req", "J-09")]
    public async Task Released_goes_back_to_its_old_place_without_counting_the_attempt()
    {
        await EnqueueAsync(Job("a"), Job("b"));
        var claimed = await ClaimOneAsync();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(JobState.Waiting, (await FinishAsync(claimed, FinishKind.Released)).State);

        var job = await GetAsync("a");
        Assert.Equal((JobState.Waiting, 0, null), (job.State, job.Attempt, job.WorkerId));
        Assert.Equal(["a", "b"], (await ClaimAsync()).Select(static job => job.Id));
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_repeated_finish_changes_nothing_and_says_so()
    {
        await EnqueueAsync(Job("a"));
        var claimed = await ClaimOneAsync();
        await FinishAsync(claimed, FinishKind.Retry, TimeSpan.FromSeconds(5), "boom");
        var before = await GetAsync("a");
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(new FinishResult(FinishStatus.Repeated, JobState.Scheduled), await FinishAsync(claimed, FinishKind.Retry, TimeSpan.FromSeconds(5), "boom"));
        Assert.Equal(before.DueAt, (await GetAsync("a")).DueAt);
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_stale_token_is_refused_and_the_other_finishes_of_the_batch_are_not()
    {
        await EnqueueAsync(Job("a"), Job("b"), Job("c"));
        var old = await ClaimAsync();
        await FinishAsync(old[1], FinishKind.Retry);
        var again = await ClaimOneAsync();
        Assert.Equal("b", again.Id);

        var answers = await Store.FinishAsync([.. old.Select(job => new JobFinish { Run = Run(job), Kind = FinishKind.Completed }), new JobFinish { Run = new("default", "unknown", 1), Kind = FinishKind.Completed }]);

        Assert.Equal([FinishStatus.Applied, FinishStatus.Stale, FinishStatus.Applied, FinishStatus.Stale], answers.Select(static answer => answer.Status));
        Assert.Equal([JobState.Completed, JobState.Running, JobState.Completed, null], answers.Select(static answer => answer.State));
        Assert.Equal(FinishStatus.Applied, (await FinishAsync(again, FinishKind.Completed)).Status);
    }

    [Fact, Trait("req", "J-14")]
    public async Task Completed_with_removal_leaves_nothing()
    {
        await EnqueueAsync(Job("a", tags: ["t"]), Job("b"));
        var claimed = await ClaimOneAsync();

        var finish = new JobFinish { Run = Run(claimed), Kind = FinishKind.Completed, Remove = true };
        Assert.Equal(new FinishResult(FinishStatus.Applied, JobState.Completed), Assert.Single(await Store.FinishAsync([finish])));
        Assert.Null(await Store.GetAsync("a"));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "t" }));
        Assert.Equal((1, 0, 0), ((await QueueAsync()).Waiting, (await QueueAsync()).Running, (await QueueAsync()).Completed));
        Assert.Equal(new FinishResult(FinishStatus.Stale, null), Assert.Single(await Store.FinishAsync([finish])));
        Assert.Empty((await EnqueueAsync(Job("a"))).Existing);
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_claim_stores_the_ends_that_it_carries_first()
    {
        await EnqueueAsync(Job("a"), Job("b"), Job("c", "other"));
        var first = await ClaimAsync(1);
        var second = await Store.ClaimAsync(new ClaimRequest
        {
            Worker = Worker("w1"),
            Lease = Lease,
            Queues = [new("default", 5)],
            Finishes =
            [
                new JobFinish { Run = Run(first[0]), Kind = FinishKind.Released },
                new JobFinish { Run = Run(first[0]), Kind = FinishKind.Completed },
                new JobFinish { Run = new("other", "c", 1), Kind = FinishKind.Completed },
            ],
        });

        Assert.Equal(["a", "b"], second.Jobs.Select(static job => job.Id)); // the released one at its old place
        Assert.Equal([FinishStatus.Applied, FinishStatus.Repeated, FinishStatus.Stale], second.Finished.Select(static answer => answer.Status));
        Assert.Equal(1, second.Jobs[0].Attempt);
        var third = await Store.ClaimAsync(new ClaimRequest { Worker = Worker("w1"), Lease = Lease, Queues = [], Finishes = [new JobFinish { Run = Run(second.Jobs[0]), Kind = FinishKind.Completed }] });
        Assert.Empty(third.Jobs);
        Assert.Equal(JobState.Completed, await StateOfAsync("a"));
    }

    [Fact, Trait("req", "J-08")]
    public async Task Cancel_ends_a_job_that_has_not_started()
    {
        await EnqueueAsync(Job("a"), Job("b", delay: TimeSpan.FromHours(1)));

        Assert.Equal(CancelStatus.Cancelled, await Store.CancelAsync("a"));
        Assert.Equal(CancelStatus.Cancelled, await Store.CancelAsync("b"));
        Assert.Equal(CancelStatus.AlreadyEnded, await Store.CancelAsync("a"));
        Assert.Equal(CancelStatus.NotFound, await Store.CancelAsync("nobody"));
        var job = await GetAsync("a");
        Assert.Equal((JobState.Cancelled, Clock.GetUtcNow()), (job.State, job.FinishedAt));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await ClaimAsync());
    }

    [Fact, Trait("req", "J-08")]
    public async Task Cancel_of_a_running_job_is_learnt_by_the_heartbeat()
    {
        await EnqueueAsync(Job("a"), Job("b"));
        var claimed = await ClaimAsync();
        Assert.Empty((await HeartbeatAsync("w1", [.. claimed])).CancelRequested);

        Assert.Equal(CancelStatus.Requested, await Store.CancelAsync("a"));
        Assert.Equal(CancelStatus.Requested, await Store.CancelAsync("a"));
        Assert.Equal(["a"], (await HeartbeatAsync("w1", [.. claimed])).CancelRequested.Select(static run => run.Id));
        Assert.True((await GetAsync("a")).CancelRequested);
        Assert.Equal(JobState.Running, await StateOfAsync("a"));
        await FinishAsync(claimed[0], FinishKind.Cancelled);
        var job = await GetAsync("a");
        Assert.Equal((JobState.Cancelled, false), (job.State, job.CancelRequested));
    }

    [Theory, Trait("req", "J-08")]
    [InlineData(FinishKind.Retry, JobState.Cancelled)]
    [InlineData(FinishKind.Snoozed, JobState.Cancelled)]
    [InlineData(FinishKind.Released, JobState.Cancelled)]
    [InlineData(FinishKind.Completed, JobState.Completed)]
    [InlineData(FinishKind.Dead, JobState.Dead)]
    public async Task A_job_asked_to_stop_never_runs_again(FinishKind kind, JobState state)
    {
        await EnqueueAsync(Job("a"));
        var claimed = await ClaimOneAsync();
        await Store.CancelAsync("a");

        Assert.Equal(new FinishResult(FinishStatus.Applied, state), await FinishAsync(claimed, kind, error: "boom"));
        Assert.Equal(state, await StateOfAsync("a"));
        Assert.Equal(1, (await GetAsync("a")).Attempt);
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await ClaimAsync());
    }

    [Fact, Trait("req", "J-06")]
    public async Task Replay_puts_dead_jobs_back_in_their_own_queue_with_raised_priority()
    {
        await EnqueueAsync(Job("a", "email", 5, maxAttempts: 1), Job("b", "email"), Job("c", "email", priority: 995));
        foreach (var claimed in await ClaimAsync(10, "w1", "email"))
        {
            await FinishAsync(claimed, claimed.Id == "b" ? FinishKind.Completed : FinishKind.Dead, error: "boom");
        }

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["a", "c"], await Store.ReplayAsync(["a", "b", "c", "nobody"], 10));

        var job = await GetAsync("a");
        Assert.Equal((JobState.Waiting, "email", 15, 0), (job.State, job.Queue, job.Priority, job.Attempt));
        Assert.Equal(Clock.GetUtcNow(), job.DueAt);
        Assert.Null(job.FinishedAt);
        Assert.Equal(JobLimits.MaximumPriority, (await GetAsync("c")).Priority);
        Assert.Empty(await Store.ReplayAsync(["a"], 10));
        Assert.Equal(["c", "a"], (await ClaimAsync(10, "w1", "email")).Select(static claimed => claimed.Id));
    }

    [Fact, Trait("req", "J-14")]
    public async Task Delete_removes_jobs_that_are_not_running()
    {
        await EnqueueAsync(Job("a"), Job("b"), Job("c", delay: TimeSpan.FromHours(1)));
        await ClaimOneAsync();

        Assert.Equal(["b", "c"], await Store.DeleteAsync(["a", "b", "c", "nobody"]));
        Assert.Null(await Store.GetAsync("b"));
        Assert.Equal(JobState.Running, await StateOfAsync("a"));
    }
}
