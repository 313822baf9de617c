using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobStoreConformance
{
    [Fact, Trait("req", "J-09")]
    public async Task Claim_makes_a_job_the_workers_own()
    {
        await EnqueueAsync(Job("a", priority: 2, maxAttempts: 5, tags: ["t"]) with { Timeout = TimeSpan.FromSeconds(9) });
        var created = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromSeconds(3));
        var claimed = await ClaimOneAsync();

        Assert.True(claimed.Token > 0);
        Assert.Equal(("a", "default", "work"), (claimed.Id, claimed.Queue, claimed.Type));
        Assert.Equal((1, 5, 2), (claimed.Attempt, claimed.MaxAttempts, claimed.Priority));
        Assert.Equal(TimeSpan.FromSeconds(9), claimed.Timeout);
        Assert.Equal(["t"], claimed.Tags);
        Assert.Equal((created, created, Clock.GetUtcNow()), (claimed.CreatedAt, claimed.DueAt, claimed.StartedAt));
        var job = await GetAsync("a");
        Assert.Equal((JobState.Running, "w1", 1), (job.State, job.WorkerId, job.Attempt));
        Assert.Equal(Clock.GetUtcNow(), job.StartedAt);
        Assert.Empty(await ClaimAsync(worker: "w2"));
    }

    [Fact, Trait("req", "J-03")]
    public async Task Claim_takes_high_priority_first_then_first_in_first_out()
    {
        await EnqueueAsync(Job("low", priority: -1), Job("first"), Job("second"), Job("high", priority: 5));

        Assert.Equal(["high", "first", "second", "low"], (await ClaimAsync()).Select(static job => job.Id));
    }

    [Fact, Trait("req", "J-03")]
    public async Task A_delayed_job_takes_the_place_of_its_due_time()
    {
        await EnqueueAsync(Job("delayed", delay: TimeSpan.FromSeconds(10)), Job("early"));
        Clock.Advance(TimeSpan.FromSeconds(20));
        await EnqueueAsync(Job("late"));

        Assert.Equal(["early", "delayed", "late"], (await ClaimAsync()).Select(static job => job.Id));
    }

    [Fact, Trait("req", "J-03")]
    public async Task A_delayed_job_of_high_priority_goes_first_once_it_is_due_and_not_before()
    {
        await EnqueueAsync(Job("urgent", priority: 9, delay: TimeSpan.FromSeconds(5)), Job("a"), Job("b"));
        Assert.Equal("a", (await ClaimOneAsync()).Id);
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("urgent", (await ClaimOneAsync()).Id);
    }

    [Fact, Trait("req", "J-03")]
    public async Task Claim_serves_queues_in_the_order_given_within_each_capacity_and_the_total()
    {
        await EnqueueAsync([.. Jobs(3, "a"), .. Jobs(3, "b"), .. Jobs(3, "c")]);
        var claimed = await Store.ClaimAsync(new ClaimRequest
        {
            Worker = Worker("w1"),
            Lease = Lease,
            Queues = [new("c", 2), new("a", 5), new("b", 5)],
            MaximumJobs = 6,
        });

        Assert.Equal(["c", "c", "a", "a", "a", "b"], claimed.Jobs.Select(static job => job.Queue));
    }

    [Fact, Trait("req", "J-14")]
    public async Task Claim_skips_jobs_whose_queue_is_paused()
    {
        await EnqueueAsync(Job("a", "paused"), Job("b"));
        await Store.SetQueuePausedAsync("paused", true);
        await Store.SetQueuePausedAsync("paused", true);

        Assert.Equal(["b"], (await ClaimAsync(100, "w1", "paused", "default")).Select(static job => job.Id));
        await EnqueueAsync(Job("c", "paused"));
        Assert.True((await QueueAsync("paused")).Paused);
        await Store.SetQueuePausedAsync("paused", false);
        Assert.Equal(["a", "c"], (await ClaimAsync(100, "w1", "paused")).Select(static job => job.Id));
    }

    [Fact, Trait("req", "J-14")]
    public async Task A_queue_can_be_paused_before_it_has_a_job()
    {
        await Store.SetQueuePausedAsync("later", true);
        await EnqueueAsync(Job("a", "later"));

        Assert.Empty(await ClaimAsync(100, "w1", "later"));
    }

    [Fact, Trait("peer", "11")]
    public async Task Concurrent_claims_never_hand_out_a_job_twice()
    {
        await EnqueueAsync(Jobs(200));
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var mine = new List<ClaimedJob>();
            while (await ClaimAsync(7, $"w{worker}") is { Count: > 0 } more)
            {
                mine.AddRange(more);
            }

            return mine;
        })));

        var all = claims.SelectMany(static claim => claim).ToList();
        Assert.Equal(200, all.Count);
        Assert.Equal(200, all.Select(static job => job.Id).Distinct().Count());
        // Those that were claimed together may share a token; no two workers do.
        Assert.All(all.GroupBy(static job => job.Token), static claim => Assert.InRange(claim.Count(), 1, 7));
        Assert.Empty(claims.SelectMany(static claim => claim.Select(static job => job.Token).Distinct()).CountBy(static token => token).Where(static count => count.Value > 1));
    }

    [Fact, Trait("req", "J-09")]
    public async Task Tokens_rise_and_are_never_given_twice_not_even_to_a_job_stored_anew()
    {
        await EnqueueAsync(Job("a"));
        var first = await ClaimOneAsync();
        await FinishAsync(first, FinishKind.Retry);
        var second = await ClaimOneAsync();
        await FinishAsync(second, FinishKind.Completed);
        await Store.DeleteAsync(["a"]);
        await EnqueueAsync(Job("a"));
        var third = await ClaimOneAsync();

        Assert.True(first.Token < second.Token);
        Assert.True(second.Token < third.Token);
        Assert.Equal(FinishStatus.Stale, (await FinishAsync(first, FinishKind.Completed)).Status);
        Assert.Equal(FinishStatus.Stale, (await FinishAsync(second, FinishKind.Completed)).Status);
    }

    [Fact, Trait("req", "J-09")]
    public async Task Claim_registers_the_worker_and_renews_its_lease()
    {
        await ClaimAsync();
        var started = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromSeconds(20));
        await ClaimAsync();

        var worker = Assert.Single(await Store.GetWorkersAsync());
        Assert.Equal("w1", worker.Identity.Id);
        Assert.Equal(["default"], worker.Identity.Queues);
        Assert.Equal(started, worker.StartedAt);
        Assert.Equal(Clock.GetUtcNow(), worker.SeenAt);
        Assert.Equal(Clock.GetUtcNow() + Lease, worker.LeaseUntil);
    }

    [Fact, Trait("req", "J-07")]
    public async Task Progress_is_kept_for_the_current_attempt_only()
    {
        await EnqueueAsync(Job("a"));
        var first = await ClaimOneAsync();
        Assert.True(await Store.ReportProgressAsync(Run(first), 40, "half-way, nearly"));
        var job = await GetAsync("a");
        Assert.Equal((40, "half-way, nearly"), (job.ProgressPercent, job.ProgressMessage));

        await FinishAsync(first, FinishKind.Retry, error: "boom");
        Assert.False(await Store.ReportProgressAsync(Run(first), 50, null));
        await ClaimOneAsync();
        Assert.False(await Store.ReportProgressAsync(Run(first), 50, null));
        job = await GetAsync("a");
        Assert.Equal((0, null), (job.ProgressPercent, job.ProgressMessage));
    }

    [Fact, Trait("req", "J-09")]
    public async Task Wait_returns_at_once_when_a_job_is_ready()
    {
        await EnqueueAsync(Job("a"));

        await Store.WaitForWorkAsync(["other", "default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask().WaitAsync(Guard);
    }

    [Fact, Trait("req", "J-09")]
    public async Task Wait_ends_when_a_job_is_enqueued()
    {
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        Assert.False(wait.IsCompleted);
        await EnqueueAsync(Job("a"));
        await wait.WaitAsync(Guard);
    }

    [Fact, Trait("req", "J-09")]
    public async Task Wait_ends_when_a_delayed_job_falls_due()
    {
        await EnqueueAsync(Job("a", delay: TimeSpan.FromSeconds(10)));
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        Clock.Advance(TimeSpan.FromSeconds(10));
        await wait.WaitAsync(Guard);
        Assert.Equal("a", (await ClaimOneAsync()).Id);
    }

    [Theory, Trait("peer", "3")]
    [InlineData(-5_000)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10_000)]
    [InlineData(20_000_000)]
    public async Task Wait_ends_at_its_time_however_short(long ticks)
    {
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromTicks(ticks)).AsTask();
        if (ticks > 0)
        {
            await Task.WhenAny(wait, Clock.WaitForTimersAsync(1)).WaitAsync(Guard);
            Clock.Advance(TimeSpan.FromSeconds(2));
        }

        await wait.WaitAsync(Guard);
    }

    [Fact, Trait("req", "J-14")]
    public async Task Wait_ignores_a_paused_queue_and_ends_when_it_is_resumed()
    {
        await EnqueueAsync(Job("a"));
        await Store.SetQueuePausedAsync("default", true);
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        Assert.False(wait.IsCompleted);
        await Store.SetQueuePausedAsync("default", false);
        await wait.WaitAsync(Guard);
    }

    [Fact, Trait("req", "J-09")]
    public async Task Wait_ends_when_a_released_or_replayed_job_is_ready()
    {
        await EnqueueAsync(Job("a", maxAttempts: 1));
        var claimed = await ClaimOneAsync();
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        await FinishAsync(claimed, FinishKind.Released);
        await wait.WaitAsync(Guard);

        await FinishAsync(await ClaimOneAsync(), FinishKind.Dead, error: "boom");
        wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        await Store.ReplayAsync(["a"], 0);
        await wait.WaitAsync(Guard);
    }

    [Fact, Trait("req", "J-09")]
    public async Task Wait_ends_with_its_token()
    {
        using var stop = new CancellationTokenSource();
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1), stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(Guard));
    }

    [Fact, Trait("req", "J-09")]
    public async Task Wait_ends_when_the_store_is_closed()
    {
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        await Store.DisposeAsync();
        await wait.WaitAsync(Guard);
    }
}
