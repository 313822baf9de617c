using System.Diagnostics;
using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobGuardConformance
{
    /// <summary>What the store keeps of groups beside their jobs, one text each; empty when no group has any that is ready or runs.</summary>
    protected abstract ValueTask<IReadOnlyList<string>> GroupStateAsync();

    [Fact, Trait("req", "J-11")]
    public async Task A_small_group_does_not_wait_behind_a_big_one()
    {
        await EnqueueAsync(Grouped("big", 10_000));
        Assert.Equal("big", await ClaimGroupAsync());
        await EnqueueAsync(Grouped("middle", 200));
        await EnqueueAsync(Grouped("small", 1));

        string?[] groups = [await ClaimGroupAsync(), await ClaimGroupAsync(), await ClaimGroupAsync()];
        Assert.Contains("small", groups);
        Assert.Contains("middle", groups);
    }

    [Theory, Trait("req", "J-11")]
    [InlineData(1)]
    [InlineData(20)]
    public async Task Groups_with_much_to_do_alternate_and_the_jobs_without_a_group_are_one_of_them(int atOnce)
    {
        foreach (var group in (string?[])["a", "b", null, "c"])
        {
            await EnqueueAsync(Grouped(group, 5));
        }

        var parties = new List<string?>();
        while (parties.Count < 20)
        {
            foreach (var job in await ClaimAsync(atOnce))
            {
                parties.Add((await GetAsync(job.Id)).Group);
            }
        }

        Assert.All(parties.Chunk(4), chunk => Assert.Equal(parties.Take(4), chunk));
        Assert.Equal(4, parties.Take(4).Distinct().Count());
        Assert.Empty(await ClaimAsync());
    }

    [Fact, Trait("req", "J-11")]
    public async Task Groups_and_the_jobs_without_one_do_not_starve_each_other()
    {
        await EnqueueAsync(Grouped(null, 50));
        await EnqueueAsync(Grouped("a", 1));
        Assert.Contains("a", new[] { await ClaimGroupAsync(), await ClaimGroupAsync() });

        await EnqueueAsync(Grouped("b", 50));
        await EnqueueAsync(Grouped("c", 50));
        var served = new List<string?>();
        for (var i = 0; i < 30; i++)
        {
            served.Add(await ClaimGroupAsync());
        }

        Assert.Equal((10, 10, 10), (served.Count(static group => group is null), served.Count(static group => group == "b"), served.Count(static group => group == "c")));
    }

    [Fact, Trait("req", "J-11")]
    public async Task Priority_and_due_time_order_a_group_but_not_the_groups()
    {
        await EnqueueAsync(
            Job("a1") with { Group = "a" },
            Job("a2", priority: 5) with { Group = "a" },
            Job("a3", priority: 5) with { Group = "a" },
            Job("late", priority: 9, delay: TimeSpan.FromSeconds(5)) with { Group = "a" },
            Job("b1", priority: -5) with { Group = "b" });
        Clock.Advance(TimeSpan.FromSeconds(5));

        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await ClaimOneAsync()).Id);
        }

        Assert.Equal(["late", "a2", "a3", "a1"], ids.Where(static id => id != "b1"));
        Assert.InRange(ids.IndexOf("b1"), 0, 1);
    }

    [Fact, Trait("req", "J-11")]
    public async Task No_more_of_a_group_run_at_once_than_it_may_over_all_workers()
    {
        await EnqueueAsync(Grouped("a", 10));
        await EnqueueAsync(Grouped("b", 1));
        var first = await OfGroupsAsync("w1", 2, most: 2);
        var second = await OfGroupsAsync("w2", 10, most: 2);
        Assert.Equal((2, 1), (first.Count, second.Count));
        Assert.Empty(await OfGroupsAsync("w3", 10, most: 2));

        // Nothing to wait for until one of the group ends; one of another does not matter.
        await FinishAsync(Assert.Single(first.Concat(second), static job => job.Id.StartsWith('b')), FinishKind.Completed);
        Assert.Empty(await OfGroupsAsync("w3", 10, most: 2));
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        Assert.False(wait.IsCompleted);
        var running = first.Concat(second).First(static job => job.Id.StartsWith('a'));
        await FinishAsync(running, FinishKind.Completed);
        await wait.WaitAsync(Guard);
        var next = Assert.Single(await OfGroupsAsync("w3", 10, most: 2));

        // The claim that carries an end fills its place.
        var answer = await Store.ClaimAsync(new ClaimRequest
        {
            Worker = Worker("w3"),
            Lease = Lease,
            Queues = [new("default", 5) { GroupMaximumRunning = 2 }],
            Finishes = [new JobFinish { Run = Run(next), Kind = FinishKind.Completed, Remove = true }],
        });
        Assert.Single(answer.Jobs);
    }

    [Fact, Trait("req", "J-11")]
    public async Task A_group_starts_as_fast_as_its_rate_allows_and_others_are_not_held_up()
    {
        var rate = new JobRate { Count = 2, Period = TimeSpan.FromSeconds(10), Kind = JobRateKind.TokenBucket };
        await EnqueueAsync(Grouped("a", 10));
        await EnqueueAsync(Grouped("b", 1));
        Assert.Equal(3, (await OfGroupsAsync("w1", 10, rate: rate)).Count);
        Assert.Empty(await OfGroupsAsync("w2", 10, rate: rate));
        await EnqueueAsync(Grouped("a", 1));
        await EnqueueAsync(Grouped("b", 2));
        Assert.Equal("b", (await GetAsync(Assert.Single(await OfGroupsAsync("w2", 10, rate: rate)).Id)).Group);

        Clock.Advance(TimeSpan.FromMilliseconds(4_999));
        Assert.Empty(await OfGroupsAsync("w1", 10, rate: rate));
        var wait = Store.WaitForWorkAsync(["default"], Clock.GetUtcNow() + TimeSpan.FromHours(1)).AsTask();
        await Clock.WaitForTimersAsync(1).WaitAsync(Guard);
        Assert.False(wait.IsCompleted);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await wait.WaitAsync(Guard);
        Assert.Equal(2, (await OfGroupsAsync("w1", 10, rate: rate)).Count); // one of each
        Clock.Advance(TimeSpan.FromHours(1));
        await SweepAsync();
        Assert.Equal(2, (await OfGroupsAsync("w1", 10, rate: rate)).Count(static job => job.Id.StartsWith('a')));
    }

    [Fact, Trait("req", "J-11")]
    public async Task A_limit_that_is_no_longer_set_holds_nobody_up()
    {
        await EnqueueAsync(Grouped("a", 10));
        var first = await OfGroupsAsync("w1", 10, most: 1);
        Assert.Empty(await OfGroupsAsync("w1", 10, most: 1));
        await FinishAsync(Assert.Single(first), FinishKind.Completed);

        Assert.Equal(9, (await ClaimAsync()).Count);
    }

    [Fact, Trait("req", "J-11")]
    public async Task What_waits_in_a_group_that_is_at_its_limit_costs_a_claim_nothing()
    {
        for (var i = 0; i < 20; i++)
        {
            await EnqueueAsync(Grouped("full", 1_000));
        }

        Assert.Single(await OfGroupsAsync("w1", 5, most: 1));
        await EnqueueAsync(Grouped("b", 400));
        var time = Stopwatch.StartNew();
        for (var i = 0; i < 200; i++)
        {
            var claimed = await OfGroupsAsync("w1", 5, most: 1);
            await FinishAsync(Assert.Single(claimed), FinishKind.Completed);
        }

        Assert.True(time.Elapsed < TimeSpan.FromSeconds(20), $"200 claims and ends took {time.Elapsed}");
    }

    [Fact, Trait("req", "J-11")]
    public async Task Idle_groups_leave_nothing_behind()
    {
        var rate = new JobRate { Count = 2, Period = TimeSpan.FromSeconds(10), Kind = JobRateKind.TokenBucket };
        for (var i = 0; i < 40; i++)
        {
            await EnqueueAsync([.. Grouped($"g{i}", 2).Select(static job => job with { MaxAttempts = 1 })]);
        }

        await EnqueueAsync(Job("delayed", delay: TimeSpan.FromSeconds(1), maxAttempts: 1) with { Group = "later" });
        var ids = await IdsAsync(new JobQuery { State = JobState.Waiting, PageSize = 500 });
        await Store.DeleteAsync(ids[..20]);
        foreach (var id in ids[20..40])
        {
            await Store.CancelAsync(id);
        }

        var claimed = await OfGroupsAsync("w1", 100, most: 1, rate: rate);
        foreach (var (index, job) in claimed.Index().Take(15))
        {
            await Store.FinishAsync([new JobFinish { Run = Run(job), Kind = (FinishKind)(index % 6), Remove = index % 12 == 0, Delay = TimeSpan.FromHours(1) }]);
        }

        Assert.NotEmpty(await GroupStateAsync());
        Clock.Advance(Lease + TimeSpan.FromSeconds(10));
        await SweepAsync();
        await OfGroupsAsync("w2", 100);
        await Store.DeleteAsync(await IdsAsync(new JobQuery { State = JobState.Scheduled, PageSize = 500 }));
        Clock.Advance(Lease + TimeSpan.FromSeconds(10));
        await SweepAsync(); // all of them: dead, of lost workers
        Assert.Empty(await ClaimAsync());

        Assert.Empty(await GroupStateAsync());
        Assert.NotEmpty(await IdsAsync(new JobQuery { State = JobState.Dead }));
    }

    [Fact, Trait("req", "J-11")]
    public async Task Groups_are_data_and_stay_with_their_job()
    {
        string[] names = ["a", "ab", "a b", "quote'; drop 🎡 {x}:1,2\\n%_", new('z', JobLimits.MaximumNameLength), "É"];
        foreach (var (index, name) in names.Index())
        {
            await EnqueueAsync(Job($"id{index}") with { Group = name, Tags = ["t"], Unique = new JobUniqueness { Key = name, Until = UniqueUntil.Ended }, Metadata = new Dictionary<string, string> { ["m"] = "n" } });
        }

        foreach (var (index, name) in names.Index())
        {
            Assert.Equal(name, (await GetAsync($"id{index}")).Group);
        }

        var claimed = await ClaimAsync();
        Assert.Equal(names.Select(static (_, index) => $"id{index}"), claimed.Select(static job => job.Id).Order(StringComparer.Ordinal));
        await FinishAsync(claimed[0], FinishKind.Completed);
        Assert.Contains((await GetAsync(claimed[0].Id)).Group, names);
        Assert.Null((await Store.GetAsync(await EnqueueOneAsync()))!.Group);
    }

    [Fact, Trait("req", "J-11")]
    public async Task Jobs_of_groups_count_for_their_queue_and_are_listed_in_order()
    {
        NewJob[] jobs = [.. Enumerable.Range(0, 30).Select(n => Job($"j{n:00}", priority: n % 3) with { Group = (n % 4) switch { 0 => null, 1 => "a", 2 => "b", _ => "c" } })];
        await EnqueueAsync(jobs);

        Assert.Equal((30, "default"), ((await QueueAsync()).Waiting, (await Store.EnqueueAsync([Job("x") with { Group = "a" }], 30)).FullQueue));
        string[] expected = [.. jobs.OrderByDescending(static job => job.Priority).ThenBy(static job => job.Id, StringComparer.Ordinal).Select(static job => job.Id)];
        var listed = new List<string>();
        for (var query = new JobQuery { State = JobState.Waiting, Queue = "default", PageSize = 7 }; ;)
        {
            var page = await Store.ListAsync(query);
            listed.AddRange(page.Jobs.Select(static job => job.Id));
            if (page.Next is null)
            {
                break;
            }

            query = query with { Cursor = page.Next };
        }

        Assert.Equal(expected, listed);
    }

    [Fact, Trait("req", "J-11"), Trait("req", "J-05")]
    public async Task A_schedule_gives_its_jobs_their_group()
    {
        var next = Clock.GetUtcNow();
        await Store.UpsertScheduleAsync(new ScheduleDefinition { Name = "s", Cron = "* * * * *", TimeZone = "UTC", Queue = "default", Type = "x", Payload = "1"u8.ToArray(), Group = "a" }, next);
        Assert.Equal("a", Assert.Single(await Store.GetSchedulesAsync()).Definition.Group);
        Assert.Equal(FireStatus.Fired, await Store.FireScheduleAsync(new FireRequest { Name = "s", Tick = next, NextAt = next.AddMinutes(1), Job = Job("fired") with { Group = "a", Schedule = "s" }, MaximumQueueLength = 10 }));

        Assert.Equal("a", (await GetAsync("fired")).Group);
        Assert.Equal("fired", Assert.Single(await OfGroupsAsync("w1", 5, most: 1)).Id);
    }

    [Theory, Trait("req", "J-11"), Trait("req", "J-12")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Random_operations_keep_what_groups_promise(int seed)
    {
        var model = new JobGroupModel(Store, Clock, seed);
        for (var step = 0; step < ModelSteps; step++)
        {
            await model.StepAsync();
        }

        Assert.True(model.Started > ModelSteps / 6, $"seed {seed} started only {model.Started} jobs: the model no longer exercises the store");
        await model.EndAsync();
        await ClaimAsync(queues: "q");
        Assert.Empty(await GroupStateAsync());
    }

    private NewJob[] Grouped(string? group, int count) => [.. Enumerable.Range(0, count).Select(_ => Job($"{group}-{++_lastGrouped:00000}") with { Group = group })];

    private int _lastGrouped;

    private async Task<string> EnqueueOneAsync()
    {
        await EnqueueAsync(Job("plain"));
        return "plain";
    }

    private async Task<string?> ClaimGroupAsync() => (await GetAsync((await ClaimOneAsync()).Id)).Group;

    private async Task<IReadOnlyList<ClaimedJob>> OfGroupsAsync(string worker, int capacity, int? most = null, JobRate? rate = null) =>
        (await Store.ClaimAsync(new ClaimRequest { Worker = Worker(worker), Lease = Lease, Queues = [new("default", capacity) { GroupMaximumRunning = most, GroupRate = rate }] })).Jobs;
}
