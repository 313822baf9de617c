using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobStoreConformance
{
    [Fact, Trait("peer", "1")]
    public async Task A_job_whose_worker_was_killed_right_after_the_claim_runs_again()
    {
        await EnqueueAsync(Job("a"), Job("b"));
        await ClaimOneAsync();
        Clock.Advance(Lease);
        var swept = await SweepAsync();

        var job = Assert.Single(swept.Rescued);
        Assert.Equal(("a", JobState.Waiting, 1, null), (job.Id, job.State, job.Attempt, job.WorkerId));
        Assert.Contains("w1", job.Error, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], (await ClaimAsync(worker: "w2")).Select(static job => job.Id));
        Assert.Equal(2, (await GetAsync("a")).Attempt);
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_worker_that_dies_with_a_jobs_last_attempt_leaves_it_dead()
    {
        await EnqueueAsync(Job("poison", maxAttempts: 2));
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            await ClaimAsync(1, $"w{attempt}");
            Clock.Advance(Lease);
            await SweepAsync();
        }

        var job = await GetAsync("poison");
        Assert.Equal((JobState.Dead, 2, Clock.GetUtcNow()), (job.State, job.Attempt, job.FinishedAt));
        Assert.Contains("w2", job.Error, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-08")]
    public async Task A_job_asked_to_stop_whose_worker_dies_is_cancelled()
    {
        await EnqueueAsync(Job("a"));
        await ClaimOneAsync();
        await Store.CancelAsync("a");
        Clock.Advance(Lease);

        Assert.Equal(JobState.Cancelled, Assert.Single((await SweepAsync()).Rescued).State);
    }

    [Fact, Trait("peer", "4")]
    public async Task A_sweep_never_reruns_a_job_that_finished_and_was_removed()
    {
        await EnqueueAsync(Job("a"), Job("b"));
        var claimed = await ClaimAsync();
        await FinishAsync(claimed[0], FinishKind.Completed);
        await Store.DeleteAsync(["a"]);
        await FinishAsync(claimed[1], FinishKind.Completed);
        Clock.Advance(Lease);
        Clock.Advance(Lease);

        Assert.Empty((await SweepAsync()).Rescued);
        Assert.Null(await Store.GetAsync("a"));
        Assert.Empty(await ClaimAsync(worker: "w2"));
    }

    [Fact, Trait("peer", "4")]
    public async Task After_a_sweep_the_old_worker_can_neither_finish_nor_report_nor_extend()
    {
        await EnqueueAsync(Job("a"));
        var old = await ClaimOneAsync();
        Clock.Advance(Lease);
        await SweepAsync();

        Assert.Equal(new FinishResult(FinishStatus.Stale, JobState.Waiting), await FinishAsync(old, FinishKind.Completed));
        Assert.False(await Store.ReportProgressAsync(Run(old), 10, null));
        Assert.Equal(["a"], (await HeartbeatAsync("w1", old)).Lost.Select(static run => run.Id));
        var current = await ClaimOneAsync("w2");
        Assert.Equal(new FinishResult(FinishStatus.Stale, JobState.Running), await FinishAsync(old, FinishKind.Completed));
        Assert.Equal(["a"], (await HeartbeatAsync("w1", old)).Lost.Select(static run => run.Id));
        Assert.Equal(FinishStatus.Applied, (await FinishAsync(current, FinishKind.Completed)).Status);
    }

    [Fact, Trait("peer", "5")]
    public async Task A_finish_that_races_a_sweep_wins_whole_or_not_at_all()
    {
        for (var round = 0; round < 25; round++)
        {
            await EnqueueAsync(Job($"race-{round}"));
            var claimed = await ClaimOneAsync($"w{round}");
            Clock.Advance(Lease);
            using var start = new Barrier(2);
            var finish = Task.Run(async () =>
            {
                start.SignalAndWait();
                return await FinishAsync(claimed, FinishKind.Completed);
            });
            var sweep = Task.Run(async () =>
            {
                start.SignalAndWait();
                return await SweepAsync();
            });
            await Task.WhenAll(finish, sweep).WaitAsync(Guard);

            var finished = (await finish).Status == FinishStatus.Applied;
            var rescued = (await sweep).Rescued.Count == 1;
            Assert.True(finished != rescued, $"round {round}: finished {finished}, rescued {rescued}");
            Assert.Equal(finished ? JobState.Completed : JobState.Waiting, await StateOfAsync(claimed.Id));
            await Store.DeleteAsync([claimed.Id]);
        }
    }

    [Fact, Trait("peer", "6")]
    public async Task A_job_longer_than_the_lease_is_left_alone_while_its_worker_sends_heartbeats()
    {
        await EnqueueAsync(Job("long"));
        var claimed = await ClaimOneAsync();
        for (var beat = 0; beat < 20; beat++)
        {
            Clock.Advance(Lease / 2);
            var answer = await HeartbeatAsync("w1", claimed);
            Assert.Empty(answer.Lost);
            Assert.Empty((await SweepAsync()).Rescued);
        }

        Assert.Equal(FinishStatus.Applied, (await FinishAsync(claimed, FinishKind.Completed)).Status);
    }

    [Fact, Trait("peer", "7")]
    public async Task Orphans_behind_many_live_jobs_are_found_by_a_bounded_sweep()
    {
        await EnqueueAsync(Jobs(10));
        var live = await ClaimAsync(5, "alive");
        var dead = await ClaimAsync(5, "dead");
        Clock.Advance(Lease);
        await HeartbeatAsync("alive", [.. live]);

        var rescued = new List<string>();
        var sweeps = 0;
        for (var more = true; more; sweeps++)
        {
            var swept = await SweepAsync(maximum: 2);
            Assert.True(swept.Rescued.Count <= 2);
            rescued.AddRange(swept.Rescued.Select(static job => job.Id));
            more = swept.More;
        }

        Assert.Equal(dead.Select(static job => job.Id), rescued);
        Assert.Equal(3, sweeps);
        Assert.Equal(["alive"], (await Store.GetWorkersAsync()).Select(static worker => worker.Identity.Id));
    }

    [Fact, Trait("peer", "7")]
    public async Task The_jobs_of_a_worker_that_left_are_taken_back_at_once()
    {
        await EnqueueAsync(Job("a"));
        await ClaimOneAsync();
        await Store.LeaveAsync("w1");
        await Store.LeaveAsync("w1");

        Assert.Empty(await Store.GetWorkersAsync());
        Assert.Equal("a", Assert.Single((await SweepAsync()).Rescued).Id);
    }

    [Fact, Trait("peer", "7")]
    public async Task A_worker_whose_lease_ran_out_unnoticed_keeps_its_jobs_when_it_speaks_before_the_sweep()
    {
        await EnqueueAsync(Job("a"));
        var claimed = await ClaimOneAsync();
        Clock.Advance(Lease * 3);
        Assert.Empty((await HeartbeatAsync("w1", claimed)).Lost);
        Assert.Empty((await SweepAsync()).Rescued);
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_claim_whose_answer_was_lost_is_given_back_by_the_next_heartbeat()
    {
        await EnqueueAsync(Job("a"), Job("b"));
        var claimed = await ClaimAsync();
        Assert.Empty((await HeartbeatAsync("w1", claimed[0])).Lost);

        var job = await GetAsync("b");
        Assert.Equal((JobState.Waiting, 0, null), (job.State, job.Attempt, job.WorkerId));
        Assert.Equal(FinishStatus.Stale, (await FinishAsync(claimed[1], FinishKind.Completed)).Status);
        Assert.Equal(JobState.Running, await StateOfAsync("a"));
    }

    [Fact, Trait("req", "J-09")]
    public async Task A_heartbeat_leaves_the_jobs_of_other_workers_alone()
    {
        await EnqueueAsync(Job("a"));
        await ClaimOneAsync("w1");
        await HeartbeatAsync("w2");

        Assert.Equal(JobState.Running, await StateOfAsync("a"));
        Assert.Equal(1, Assert.Single(await Store.GetWorkersAsync(), static worker => worker.Identity.Id == "w1").Running);
    }

    [Fact, Trait("req", "J-14")]
    public async Task Retention_removes_ended_jobs_by_age()
    {
        await EnqueueAsync(Job("old"), Job("new"), Job("waiting"), Job("dead"));
        var claimed = await ClaimAsync(1);
        await FinishAsync(claimed[0], FinishKind.Completed);
        Clock.Advance(TimeSpan.FromHours(1));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Completed);
        await Store.CancelAsync("waiting");
        await FinishAsync(await ClaimOneAsync(), FinishKind.Dead, error: "boom");
        var hour = new JobRetention(TimeSpan.FromHours(1), 100);

        Assert.Equal(0, (await SweepAsync(hour, hour, hour)).Removed);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, (await SweepAsync(hour, hour, hour)).Removed);
        Assert.Null(await Store.GetAsync("old"));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, (await SweepAsync(hour, KeepAll, hour)).Removed);
        Assert.Equal(["waiting"], await IdsAsync(new JobQuery()));
    }

    [Fact, Trait("req", "J-14")]
    public async Task Retention_keeps_the_newest_by_count_and_says_when_more_is_left()
    {
        await EnqueueAsync(Jobs(10));
        foreach (var claimed in await ClaimAsync())
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await FinishAsync(claimed, FinishKind.Completed);
        }

        var keep = new JobRetention(TimeSpan.FromDays(1), 3);
        var first = await SweepAsync(keep, maximum: 5);
        Assert.Equal((5, true), (first.Removed, first.More));
        var second = await SweepAsync(keep, maximum: 5);
        Assert.Equal((2, false), (second.Removed, second.More));
        Assert.Equal(["job-0010", "job-0009", "job-0008"], await IdsAsync(new JobQuery()));
    }
}
