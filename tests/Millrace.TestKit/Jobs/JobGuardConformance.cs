using System.Text;
using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

/// <summary>What a store must do that keeps unique keys and the limits of queues, and lets jobs wait for others, beside all that <see cref="JobStoreConformance"/> asks.</summary>
public abstract partial class JobGuardConformance : JobStoreConformance
{
    private protected override bool HasGuards => true;

    [Fact, Trait("req", "J-11"), Trait("peer", "11")]
    public async Task A_unique_key_keeps_others_out_until_its_job_has_ended()
    {
        var first = await EnqueueAsync(Unique("a"));
        Assert.Empty(first.Existing);
        Assert.Equal("k", (await GetAsync("a")).UniqueKey);

        await KeptOutAsync("b", "a");
        var claimed = await ClaimOneAsync();
        await KeptOutAsync("b", "a");
        await FinishAsync(claimed, FinishKind.Retry, TimeSpan.FromSeconds(5), "boom");
        await KeptOutAsync("b", "a");
        Clock.Advance(TimeSpan.FromSeconds(5));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Completed);

        Assert.Empty((await EnqueueAsync(Unique("b"))).Existing);
        await KeptOutAsync("c", "b");
    }

    [Theory, Trait("req", "J-11")]
    [InlineData("cancel")]
    [InlineData("delete")]
    [InlineData("dead")]
    [InlineData("removed")]
    [InlineData("cancelled")]
    [InlineData("swept")]
    public async Task A_unique_key_is_free_however_its_job_went(string how)
    {
        await EnqueueAsync(Unique("a", maxAttempts: 1));
        switch (how)
        {
            case "cancel":
                await Store.CancelAsync("a");
                break;
            case "delete":
                await Store.DeleteAsync(["a"]);
                break;
            case "swept":
                await ClaimOneAsync();
                Clock.Advance(Lease);
                await SweepAsync();
                break;
            default:
                var run = Run(await ClaimOneAsync());
                await Store.FinishAsync([new JobFinish { Run = run, Kind = how == "dead" ? FinishKind.Dead : how == "removed" ? FinishKind.Completed : FinishKind.Cancelled, Remove = how == "removed" }]);
                break;
        }

        Assert.Empty((await EnqueueAsync(Unique("b"))).Existing);
    }

    [Fact, Trait("req", "J-11")]
    public async Task A_key_that_is_held_until_the_start_lets_one_wait_while_one_runs()
    {
        await EnqueueAsync(Unique("a", UniqueUntil.Started));
        await KeptOutAsync("b", "a", UniqueUntil.Started);
        await ClaimOneAsync();

        Assert.Empty((await EnqueueAsync(Unique("b", UniqueUntil.Started))).Existing);
        await KeptOutAsync("c", "b", UniqueUntil.Started);
    }

    [Fact, Trait("req", "J-11")]
    public async Task A_key_that_is_held_for_a_time_outlives_its_job()
    {
        await EnqueueAsync(Unique("a", UniqueUntil.Elapsed, TimeSpan.FromSeconds(10)));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Completed);
        await Store.DeleteAsync(["a"]);
        Clock.Advance(TimeSpan.FromMilliseconds(9_999));
        await SweepAsync();
        await KeptOutAsync("b", "a", UniqueUntil.Elapsed);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await SweepAsync();

        Assert.Empty((await EnqueueAsync(Unique("b", UniqueUntil.Elapsed, TimeSpan.FromSeconds(10)))).Existing);
    }

    [Theory, Trait("req", "J-11")]
    [InlineData(0)]
    [InlineData(5)]
    public async Task A_job_that_has_not_started_takes_over_what_it_keeps_out(int delaySeconds)
    {
        await EnqueueAsync(Unique("a", UniqueUntil.Started, delay: TimeSpan.FromSeconds(delaySeconds)) with { Tags = ["t"], Priority = 3 });
        Clock.Advance(TimeSpan.FromSeconds(3));
        var next = Unique("b", UniqueUntil.Started, delay: TimeSpan.FromSeconds(5)) with
        {
            Unique = new JobUniqueness { Key = "k", Until = UniqueUntil.Started, Replace = true },
            Payload = Encoding.UTF8.GetBytes("\"the last one\""),
            Metadata = new Dictionary<string, string> { ["m"] = "new" },
            Tags = ["u"],
        };
        Assert.Equal("a", (await EnqueueAsync(next)).Holders["b"]);

        var job = await GetAsync("a");
        Assert.Equal("\"the last one\"", Encoding.UTF8.GetString(job.Payload.Span));
        Assert.Equal(("new", 3, "t", JobState.Scheduled), (job.Metadata["m"], job.Priority, Assert.Single(job.Tags), job.State));
        Assert.Equal(Clock.GetUtcNow() + TimeSpan.FromSeconds(5), job.DueAt);
        Assert.Empty(await ClaimAsync());
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("\"the last one\"", Encoding.UTF8.GetString((await ClaimOneAsync()).Payload.Span));
        Assert.Empty(await ClaimAsync());
    }

    [Fact, Trait("req", "J-11")]
    public async Task A_job_that_was_claimed_takes_nothing_over()
    {
        var replacing = new JobUniqueness { Key = "k", Until = UniqueUntil.Ended, Replace = true };
        await EnqueueAsync(Unique("a"));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Snoozed, TimeSpan.FromSeconds(1));
        await EnqueueAsync(Unique("b", delay: TimeSpan.FromHours(1)) with { Unique = replacing, Payload = "2"u8.ToArray() });

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("""{"n":1}""", Encoding.UTF8.GetString((await ClaimOneAsync()).Payload.Span));
    }

    [Fact, Trait("req", "J-11")]
    public async Task Keys_are_the_queues_own_and_data()
    {
        const string key = "quote'; drop 🎡 key:1,2\\n";
        var unique = new JobUniqueness { Key = key, Until = UniqueUntil.Ended };
        await EnqueueAsync(Job("a") with { Unique = unique }, Job("b", "other") with { Unique = unique });

        Assert.Equal("a", (await EnqueueAsync(Job("c") with { Unique = unique })).Holders["c"]);
        Assert.Equal("b", (await EnqueueAsync(Job("d", "other") with { Unique = unique })).Holders["d"]);
        Assert.Equal(key, (await GetAsync("a")).UniqueKey);
    }

    [Fact, Trait("req", "J-11")]
    public async Task Two_of_one_key_in_a_batch_are_one_and_count_once_against_the_bound()
    {
        var outcome = await Store.EnqueueAsync([Unique("a"), Unique("b"), Job("c")], 2);

        Assert.Equal(("a", "b"), (outcome.Holders["b"], Assert.Single(outcome.Existing)));
        Assert.Equal("default", (await Store.EnqueueAsync([Job("d"), Unique("e")], 2)).FullQueue);
    }

    [Fact, Trait("req", "J-11"), Trait("req", "J-06")]
    public async Task A_dead_job_is_not_replayed_beside_another_with_its_key()
    {
        await EnqueueAsync(Unique("a"));
        await FinishAsync(await ClaimOneAsync(), FinishKind.Dead, error: "boom");
        await EnqueueAsync(Unique("b"));

        Assert.Empty(await Store.ReplayAsync(["a"], 0));
        Assert.Equal(JobState.Dead, await StateOfAsync("a"));
        await Store.CancelAsync("b");
        Assert.Equal(["a"], await Store.ReplayAsync(["a"], 0));
        await KeptOutAsync("c", "a");
    }

    [Fact, Trait("req", "J-11"), Trait("peer", "11")]
    public async Task A_race_for_one_key_has_one_winner()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => EnqueueAsync(Unique($"r{n}")))));

        Assert.Equal(7, outcomes.Count(static outcome => outcome.Holders.Count == 1));
        Assert.Equal(1, (await QueueAsync()).Waiting);
    }

    [Fact, Trait("req", "J-03")]
    public async Task No_more_run_at_once_than_the_queue_allows_over_all_workers()
    {
        await EnqueueAsync(Jobs(10));
        var first = await LimitedAsync("w1", 2, maximumRunning: 3);
        var second = await LimitedAsync("w2", 5, maximumRunning: 3);
        Assert.Equal((2, 1), (first.Count, second.Count));
        Assert.Empty(await LimitedAsync("w3", 5, maximumRunning: 3));

        // Nothing to wait for until one ends.
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        Assert.False(wait.IsCompleted);
        await FinishAsync(first[0], FinishKind.Completed);
        await wait.WaitAsync(Guard);
        Assert.Single(await LimitedAsync("w3", 5, maximumRunning: 3));
    }

    [Fact, Trait("req", "J-03")]
    public async Task A_place_that_an_end_gives_back_is_filled_by_the_claim_that_carries_it()
    {
        await EnqueueAsync(Jobs(3));
        var first = await LimitedAsync("w1", 2, maximumRunning: 2);
        var answer = await Store.ClaimAsync(new ClaimRequest
        {
            Worker = Worker("w1"),
            Lease = Lease,
            Queues = [new("default", 2) { MaximumRunning = 2 }],
            Finishes = [new JobFinish { Run = Run(first[0]), Kind = FinishKind.Completed }],
        });

        Assert.Single(answer.Jobs);
    }

    [Fact, Trait("req", "J-03")]
    public async Task In_no_window_are_more_started_than_its_rate()
    {
        var rate = new JobRate { Count = 3, Period = TimeSpan.FromSeconds(10) };
        await EnqueueAsync(Jobs(20));
        Assert.Equal(2, (await LimitedAsync("w1", 2, rate: rate)).Count);
        Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Single(await LimitedAsync("w2", 5, rate: rate));
        Assert.Empty(await LimitedAsync("w1", 5, rate: rate));

        // The first two leave the window ten seconds after they were started.
        Clock.Advance(TimeSpan.FromMilliseconds(5_999));
        Assert.Empty(await LimitedAsync("w1", 5, rate: rate));
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        Assert.False(wait.IsCompleted);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await wait.WaitAsync(Guard);
        Assert.Equal(2, (await LimitedAsync("w1", 5, rate: rate)).Count);
    }

    [Fact, Trait("req", "J-03")]
    public async Task A_bucket_of_tokens_fills_evenly_and_holds_one_period()
    {
        var rate = new JobRate { Count = 4, Period = TimeSpan.FromSeconds(10), Kind = JobRateKind.TokenBucket };
        await EnqueueAsync(Jobs(30));
        Assert.Equal(4, (await LimitedAsync("w1", 10, rate: rate)).Count);
        Clock.Advance(TimeSpan.FromMilliseconds(2_499));
        Assert.Empty(await LimitedAsync("w1", 10, rate: rate));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Single(await LimitedAsync("w1", 10, rate: rate));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(4, (await LimitedAsync("w2", 10, rate: rate)).Count);
    }

    private NewJob Unique(string id, UniqueUntil until = UniqueUntil.Ended, TimeSpan period = default, TimeSpan? delay = null, int maxAttempts = 3) =>
        Job(id, delay: delay, maxAttempts: maxAttempts) with { Unique = new JobUniqueness { Key = "k", Until = until, Period = period } };

    private async Task KeptOutAsync(string id, string holder, UniqueUntil until = UniqueUntil.Ended)
    {
        var outcome = await EnqueueAsync(Unique(id, until, TimeSpan.FromSeconds(10)));
        Assert.Equal((id, holder), (Assert.Single(outcome.Existing), outcome.Holders[id]));
        Assert.Null(await Store.GetAsync(id));
    }

    private async Task<IReadOnlyList<ClaimedJob>> LimitedAsync(string worker, int capacity, int? maximumRunning = null, JobRate? rate = null) =>
        (await Store.ClaimAsync(new ClaimRequest { Worker = Worker(worker), Lease = Lease, Queues = [new("default", capacity) { MaximumRunning = maximumRunning, Rate = rate }] })).Jobs;
}
