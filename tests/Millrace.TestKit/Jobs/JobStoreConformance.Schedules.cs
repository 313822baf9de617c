using System.Text;
using Millrace.Jobs;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobStoreConformance
{
    private static ScheduleDefinition Schedule(string name = "nightly", string cron = "0 2 * * *", string zone = "UTC") => new()
    {
        Name = name,
        Cron = cron,
        TimeZone = zone,
        Queue = "default",
        Type = "work",
        Payload = Encoding.UTF8.GetBytes("""{"n":1}"""),
        Priority = 3,
        MaxAttempts = 2,
        Timeout = TimeSpan.FromMinutes(1),
        Tags = ["t"],
    };

    private DateTimeOffset In(double seconds) => Clock.GetUtcNow() + TimeSpan.FromSeconds(seconds);

    private FireRequest Fire(DateTimeOffset tick, DateTimeOffset? next, string? jobId = null, string name = "nightly", int limit = 1_000) =>
        new() { Name = name, Tick = tick, NextAt = next, Job = Job(jobId) with { Schedule = name }, MaximumQueueLength = limit };

    private async Task<ScheduleRecord> ScheduleAsync(string name = "nightly") => Assert.Single(await Store.GetSchedulesAsync(), schedule => schedule.Definition.Name == name);

    [Fact, Trait("req", "J-04")]
    public async Task A_schedule_keeps_every_field()
    {
        await Store.UpsertScheduleAsync(Schedule(), In(60));

        var schedule = await ScheduleAsync();
        var definition = schedule.Definition;
        Assert.Equal(("nightly", "0 2 * * *", "UTC"), (definition.Name, definition.Cron, definition.TimeZone));
        Assert.Equal(("default", "work", 3, 2), (definition.Queue, definition.Type, definition.Priority, definition.MaxAttempts));
        Assert.Equal(TimeSpan.FromMinutes(1), definition.Timeout);
        Assert.Equal(["t"], definition.Tags);
        Assert.Equal("""{"n":1}""", Encoding.UTF8.GetString(definition.Payload.Span));
        Assert.Equal((In(60), null, null, false), (schedule.NextAt, schedule.LastAt, schedule.LastJobId, schedule.Paused));
    }

    [Fact, Trait("req", "J-04")]
    public async Task A_schedule_keeps_its_bounds_counts_its_runs_and_passes_ticks_over()
    {
        var schedule = Schedule() with { StartsAt = In(-5), EndsAt = In(1_000), MaximumRuns = 3, Misfire = ScheduleMisfire.RunAll };
        await Store.UpsertScheduleAsync(schedule, In(0));
        var definition = (await ScheduleAsync()).Definition;
        Assert.Equal((schedule.StartsAt, schedule.EndsAt, 3, ScheduleMisfire.RunAll), (definition.StartsAt, definition.EndsAt, definition.MaximumRuns, definition.Misfire));

        Assert.Equal(FireStatus.Fired, await Store.FireScheduleAsync(Fire(In(0), In(-1), "a"))); // the next tick has passed too
        Assert.Equal(FireStatus.Skipped, await Store.FireScheduleAsync(Fire(In(-1), In(5), "b") with { PassOver = true }));
        Assert.Equal(FireStatus.Missed, await Store.FireScheduleAsync(Fire(In(-1), In(5), "b") with { PassOver = true }));
        var record = await ScheduleAsync();
        Assert.Equal((1, In(5), In(0), "a"), (record.Runs, record.NextAt, record.LastAt, record.LastJobId));
        Assert.Null(await Store.GetAsync("b"));

        await Store.UpsertScheduleAsync(schedule with { Misfire = ScheduleMisfire.Skip }, In(60));
        Assert.Equal((In(5), 1), ((await ScheduleAsync()).NextAt, (await ScheduleAsync()).Runs));
        foreach (var changed in (ScheduleDefinition[])[schedule with { StartsAt = null }, schedule with { EndsAt = null }, schedule with { MaximumRuns = 4 }])
        {
            await Store.UpsertScheduleAsync(schedule, In(30));
            await Store.UpsertScheduleAsync(changed, In(60));
            Assert.Equal((In(60), 1), ((await ScheduleAsync()).NextAt, (await ScheduleAsync()).Runs));
        }
    }

    [Fact, Trait("req", "J-04")]
    public async Task Upsert_keeps_a_missed_tick_unless_the_times_changed()
    {
        await Store.UpsertScheduleAsync(Schedule(), In(60));
        await Store.UpsertScheduleAsync(Schedule() with { Priority = 9 }, In(120));
        Assert.Equal((In(60), 9), ((await ScheduleAsync()).NextAt, (await ScheduleAsync()).Definition.Priority));
        await Store.UpsertScheduleAsync(Schedule(cron: "0 3 * * *"), In(180));
        Assert.Equal(In(180), (await ScheduleAsync()).NextAt);
        await Store.UpsertScheduleAsync(Schedule(cron: "0 3 * * *", zone: "Europe/Berlin"), In(240));
        Assert.Equal(In(240), (await ScheduleAsync()).NextAt);
    }

    [Fact, Trait("req", "J-04")]
    public async Task Due_schedules_come_earliest_first_with_the_time_of_the_next()
    {
        await Store.UpsertScheduleAsync(Schedule("c"), In(30));
        await Store.UpsertScheduleAsync(Schedule("b"), In(10));
        await Store.UpsertScheduleAsync(Schedule("a"), In(20));
        await Store.UpsertScheduleAsync(Schedule("never"), null);
        var start = Clock.GetUtcNow();

        var none = await Store.GetDueSchedulesAsync(10);
        Assert.Equal((start, In(10)), (none.Now, none.NextAt));
        Assert.Empty(none.Due);
        Clock.Advance(TimeSpan.FromSeconds(20));
        var two = await Store.GetDueSchedulesAsync(10);
        Assert.Equal(["b", "a"], two.Due.Select(static schedule => schedule.Definition.Name));
        Assert.Equal(start.AddSeconds(30), two.NextAt);
        var one = await Store.GetDueSchedulesAsync(1);
        Assert.Equal(["b"], one.Due.Select(static schedule => schedule.Definition.Name));
        Assert.Equal(start.AddSeconds(20), one.NextAt);
    }

    [Fact, Trait("req", "J-04")]
    public async Task Fire_enqueues_the_job_and_moves_on_in_one_step()
    {
        var tick = In(10);
        await Store.UpsertScheduleAsync(Schedule(), tick);
        Clock.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(FireStatus.Fired, await Store.FireScheduleAsync(Fire(tick, In(60), "run-1")));
        var schedule = await ScheduleAsync();
        Assert.Equal((In(60), tick, "run-1"), (schedule.NextAt, schedule.LastAt, schedule.LastJobId));
        Assert.Equal("nightly", (await GetAsync("run-1")).Schedule);
        Assert.Equal("run-1", (await ClaimOneAsync()).Id);
        Assert.Equal(FireStatus.Missed, await Store.FireScheduleAsync(Fire(tick, In(60), "run-2")));
        Assert.Null(await Store.GetAsync("run-2"));
    }

    [Fact, Trait("peer", "9")]
    public async Task Of_eighty_nodes_exactly_one_fires_a_tick()
    {
        var tick = In(10);
        await Store.UpsertScheduleAsync(Schedule(), tick);
        Clock.Advance(TimeSpan.FromSeconds(10));
        var requests = Enumerable.Range(0, 80).Select(node => Fire(tick, In(60), $"node-{node}")).ToList();
        var answers = await Task.WhenAll(requests.Select(request => Task.Run(async () => await Store.FireScheduleAsync(request))));

        Assert.Equal(1, answers.Count(static answer => answer == FireStatus.Fired));
        Assert.Equal(1, (await QueueAsync()).Waiting);
    }

    [Fact, Trait("req", "J-04")]
    public async Task Fire_before_the_tick_by_the_stores_clock_is_missed()
    {
        await Store.UpsertScheduleAsync(Schedule(), In(10));

        Assert.Equal(FireStatus.Missed, await Store.FireScheduleAsync(Fire(In(10), In(60))));
        Assert.Equal(FireStatus.Missed, await Store.FireScheduleAsync(Fire(In(10), In(60), name: "unknown")));
        Assert.Empty(await Store.GetQueuesAsync());
    }

    [Fact, Trait("req", "J-04")]
    public async Task Fire_into_a_full_queue_leaves_the_tick_due()
    {
        await EnqueueAsync(Job("a"));
        var tick = In(0);
        await Store.UpsertScheduleAsync(Schedule(), tick);

        Assert.Equal(FireStatus.QueueFull, await Store.FireScheduleAsync(Fire(tick, In(60), "run", limit: 1)));
        Assert.Equal(tick, (await ScheduleAsync()).NextAt);
        Assert.Null(await Store.GetAsync("run"));
        Assert.Equal(FireStatus.Fired, await Store.FireScheduleAsync(Fire(tick, null, "run", limit: 2)));
        Assert.Null((await ScheduleAsync()).NextAt);
    }

    [Fact, Trait("req", "J-04")]
    public async Task A_paused_schedule_fires_nothing_and_does_not_make_up_for_it()
    {
        var tick = In(10);
        await Store.UpsertScheduleAsync(Schedule(), tick);
        Assert.True(await Store.SetSchedulePausedAsync("nightly", true, null));
        Assert.True(await Store.SetSchedulePausedAsync("nightly", true, null));
        Assert.True((await ScheduleAsync()).Paused);
        Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty((await Store.GetDueSchedulesAsync(10)).Due);
        Assert.Null((await Store.GetDueSchedulesAsync(10)).NextAt);
        Assert.Equal(FireStatus.Missed, await Store.FireScheduleAsync(Fire(tick, In(60))));
        await Store.UpsertScheduleAsync(Schedule(), In(5));
        Assert.True((await ScheduleAsync()).Paused);

        Assert.True(await Store.SetSchedulePausedAsync("nightly", false, In(50)));
        Assert.Equal((false, In(50)), ((await ScheduleAsync()).Paused, (await ScheduleAsync()).NextAt));
        Assert.True(await Store.SetSchedulePausedAsync("nightly", false, In(99)));
        Assert.Equal(In(50), (await ScheduleAsync()).NextAt);
        Assert.False(await Store.SetSchedulePausedAsync("unknown", true, null));
    }

    [Fact, Trait("req", "J-04")]
    public async Task Remove_forgets_the_schedule_and_keeps_its_jobs()
    {
        await Store.UpsertScheduleAsync(Schedule(), In(0));
        await Store.FireScheduleAsync(Fire(In(0), In(60), "run"));

        Assert.True(await Store.RemoveScheduleAsync("nightly"));
        Assert.False(await Store.RemoveScheduleAsync("nightly"));
        Assert.Empty(await Store.GetSchedulesAsync());
        Assert.NotNull(await Store.GetAsync("run"));
    }

    [Fact, Trait("req", "J-04")]
    public async Task Schedules_are_listed_by_name()
    {
        foreach (var name in new[] { "b", "a", "B" })
        {
            await Store.UpsertScheduleAsync(Schedule(name), In(10));
        }

        Assert.Equal(["B", "a", "b"], (await Store.GetSchedulesAsync()).Select(static schedule => schedule.Definition.Name));
    }
}
