using System.Collections.Concurrent;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Working;

/// <summary>Groups as an application uses them; what stores do with them is in the conformance suite.</summary>
[Trait("req", "J-11")]
public sealed class GroupTests
{
    [Fact]
    public async Task Tenants_take_turns_and_none_has_more_places_than_its_own()
    {
        var (running, most, order) = (new ConcurrentDictionary<string, int>(), 0, new ConcurrentQueue<string>());
        await using var engine = await Engine.StartAsync(
            configure: static jobs => jobs.AddQueue("tenants", queue =>
            {
                queue.Concurrency = 3;
                queue.GroupConcurrency = 1;
                queue.GroupRate = new JobRate { Count = 1_000, Period = TimeSpan.FromMinutes(1), Kind = JobRateKind.TokenBucket };
            }),
            defaults: static job =>
            {
                job.Queue = "tenants";
                job.Group<Work>(static work => work.Name.Split('-')[0]);
            },
            run: async (work, _, _) =>
            {
                var tenant = work.Name.Split('-')[0];
                var now = running.AddOrUpdate(tenant, 1, static (_, number) => number + 1);
                InterlockedMax(ref most, now);
                order.Enqueue(tenant);
                await Turn.NextAsync();
                running.AddOrUpdate(tenant, 0, static (_, number) => number - 1);
            });

        var big = await engine.Client.EnqueueManyAsync([.. Enumerable.Range(0, 300).Select(static number => new Work($"big-{number}"))]);
        var small = await engine.Client.EnqueueAsync(new Work("small-1"));
        await engine.ReachesAsync(small, JobState.Completed);

        Assert.Equal("small", (await engine.GetAsync(small)).Group);
        Assert.InRange(order.Count, 1, 299); // not behind the big one's
        await engine.ReachesAsync(big[^1], JobState.Completed);
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task The_enqueues_wish_goes_before_the_types_choice_and_flows_and_schedules_carry_it()
    {
        await using var engine = await Engine.StartAsync(
            options: static options => options.RunWorkers = false,
            defaults: static job => job.Group<Work>(static work => work.Name == "none" ? null : work.Name),
            configure: static jobs => jobs.AddSchedule("s", "* * * * *", new Work("tick"), static schedule => schedule.Job = job => job.Group("of the schedule")));

        Assert.Equal("a", (await engine.GetAsync(await engine.Client.EnqueueAsync(new Work("a")))).Group);
        Assert.Equal("b", (await engine.GetAsync(await engine.Client.EnqueueAsync(new Work("a"), static options => options.Group("b")))).Group);
        Assert.Null((await engine.GetAsync(await engine.Client.EnqueueAsync(new Work("none")))).Group);
        var flow = new JobFlow();
        var first = flow.Add(new Work("first"), static options => options.Group("c"));
        flow.Add(new Work("second")).After(first);
        var ids = await engine.Client.EnqueueFlowAsync(flow);
        Assert.Equal(("c", "second"), ((await engine.GetAsync(ids[0])).Group, (await engine.GetAsync(ids[1])).Group));
        Assert.Equal("of the schedule", Assert.Single(await engine.Client.GetSchedulesAsync()).Definition.Group);
    }

    [Fact]
    public async Task Groups_are_names_and_their_limits_have_bounds()
    {
        await using var engine = await Engine.StartAsync(options: static options => options.RunWorkers = false, defaults: static job => job.Group<Work>(static work => work.Name));

        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync(new Work("a"), static options => options.Group("")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync(new Work(new string('x', 101))));
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync(new Work("a\0b")));
        var queue = new QueueOptions();
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.GroupConcurrency = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.GroupConcurrency = 1_000_001);
        Assert.Contains("JobRateKind.TokenBucket", Assert.Throws<ArgumentOutOfRangeException>(() => queue.GroupRate = new JobRate { Count = 1, Period = TimeSpan.FromSeconds(1) }).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.GroupRate = new JobRate { Count = 0, Period = TimeSpan.FromSeconds(1), Kind = JobRateKind.TokenBucket });
    }

    [Fact]
    public async Task A_choice_for_another_type_says_so()
    {
        await using var engine = await Engine.StartAsync(options: static options => options.RunWorkers = false, defaults: static job => job.Group<string>(static text => text));

        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync(new Work("a")));
        Assert.Contains("Work", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_million_jobs_of_one_group_do_not_slow_the_claims_of_another()
    {
        var clock = new FakeClock();
        await using var store = new MemoryJobStore(clock);
        for (var batch = 0; batch < 100; batch++)
        {
            var first = batch * 10_000;
            await store.EnqueueAsync([.. Enumerable.Range(first, 10_000).Select(static number => Job($"big{number}", "big"))], 2_000_000, TestContext.Current.CancellationToken);
        }

        await store.EnqueueAsync([Job("small", "small")], 2_000_000, TestContext.Current.CancellationToken);
        var request = new ClaimRequest { Worker = new("w", "host", 1, ["default"]), Lease = TimeSpan.FromMinutes(1), Queues = [new("default", 2)] };
        Assert.Contains((await store.ClaimAsync(request, TestContext.Current.CancellationToken)).Jobs, static job => job.Id == "small");
    }

    private static NewJob Job(string id, string group) => new() { Id = id, Queue = "default", Type = "work", Payload = "1"u8.ToArray(), Group = group };

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            if (Interlocked.CompareExchange(ref most, value, seen) == seen)
            {
                return;
            }
        }
    }
}
