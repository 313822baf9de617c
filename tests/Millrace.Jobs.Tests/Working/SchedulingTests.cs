using System.Collections.Concurrent;
using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Working;

public sealed class SchedulingTests
{
    [Fact, Trait("peer", "9")]
    public async Task Two_processes_fire_each_tick_once()
    {
        var clock = new FakeClock();
        var store = new MemoryJobStore(clock);
        var runs = new ConcurrentQueue<string>();
        Task Count(Work job, JobContext context, CancellationToken stop)
        {
            runs.Enqueue(context.Id);
            return Task.CompletedTask;
        }

        static void Every10(JobsBuilder jobs) => jobs.AddSchedule("every-10", "*/10 * * * * *", new Work("tick"));
        await using var one = await Engine.StartAsync(clock, store, configure: Every10, run: Count);
        await using var two = await Engine.StartAsync(clock, store, configure: Every10, run: Count);
        for (var tick = 1; tick <= 6; tick++)
        {
            await clock.WaitForTimersAsync(10).WaitAsync(Engine.Guard);
            clock.Advance(TimeSpan.FromSeconds(10));
            await Turn.UntilAsync(() => runs.Count >= tick);
        }

        await Turn.UntilAsync(() => clock.ArmedTimers >= 8);
        Assert.Equal(6, runs.Distinct().Count());
        Assert.Equal(6, runs.Count);
        Assert.Equal(6, (await one.Client.ListAsync(new JobQuery())).Jobs.Count(static job => job.Schedule == "every-10"));
        var schedule = Assert.Single(await one.Client.GetSchedulesAsync());
        Assert.Equal((clock.GetUtcNow(), clock.GetUtcNow().AddSeconds(10)), (schedule.LastAt, schedule.NextAt));
    }

    [Fact, Trait("req", "J-04")]
    public async Task Ticks_missed_while_nothing_ran_are_made_up_for_by_one_run()
    {
        var clock = new FakeClock();
        var store = new MemoryJobStore(clock);
        static void Hourly(JobsBuilder jobs) => jobs.AddSchedule("hourly", "0 * * * *", new Work("tick"));
        await using (await Engine.StartAsync(clock, store, configure: Hourly))
        {
            await clock.WaitForTimersAsync(5).WaitAsync(Engine.Guard);
        }

        var next = Assert.Single(await store.GetSchedulesAsync()).NextAt!.Value;
        clock.Advance(TimeSpan.FromHours(5.5));
        await using var engine = await Engine.StartAsync(clock, store, configure: Hourly);
        await engine.Changes.WaitForAsync(static change => change.State == JobState.Completed);

        var schedule = Assert.Single(await store.GetSchedulesAsync());
        Assert.Equal(next, schedule.LastAt);
        Assert.True(schedule.NextAt > clock.GetUtcNow());
        Assert.Single((await engine.Client.ListAsync(new JobQuery())).Jobs);
    }

    [Fact, Trait("req", "J-04")]
    public async Task The_time_zone_and_the_jobs_options_are_kept()
    {
        var clock = new FakeClock();
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        await using var engine = await Engine.StartAsync(clock, configure: jobs => jobs
            .AddSchedule("digest", "0 8 * * *", new Work("digest"), berlin, static options => options.Queue("email").Priority(3).Tag("digest").MaxAttempts(2)));

        var schedule = Assert.Single(await engine.Client.GetSchedulesAsync());
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 7, 0, 0, TimeSpan.Zero), schedule.NextAt);
        Assert.Equal(("Europe/Berlin", "email", 3, 2), (schedule.Definition.TimeZone, schedule.Definition.Queue, schedule.Definition.Priority, schedule.Definition.MaxAttempts));
        Assert.Equal(["digest"], schedule.Definition.Tags);
    }

    [Fact, Trait("req", "J-04")]
    public async Task A_schedule_can_be_paused_resumed_triggered_and_removed()
    {
        await using var engine = await Engine.StartAsync(configure: static jobs => jobs.AddSchedule("minutely", "* * * * *", new Work("tick")));
        Assert.True(await engine.Client.PauseScheduleAsync("minutely"));
        await engine.Clock.WaitForTimersAsync(5).WaitAsync(Engine.Guard);
        engine.Clock.Advance(TimeSpan.FromMinutes(10));

        var triggered = await engine.Client.TriggerScheduleAsync("minutely");
        Assert.NotNull(triggered);
        await engine.ReachesAsync(triggered, JobState.Completed);
        Assert.Single((await engine.Client.ListAsync(new JobQuery())).Jobs);

        Assert.True(await engine.Client.ResumeScheduleAsync("minutely"));
        var schedule = Assert.Single(await engine.Client.GetSchedulesAsync());
        Assert.Equal((false, engine.Clock.GetUtcNow().AddMinutes(1)), (schedule.Paused, schedule.NextAt));
        Assert.True(await engine.Client.RemoveScheduleAsync("minutely"));
        Assert.Null(await engine.Client.TriggerScheduleAsync("minutely"));
        Assert.False(await engine.Client.PauseScheduleAsync("minutely"));
        Assert.False(await engine.Client.ResumeScheduleAsync("minutely"));
    }

    [Fact, Trait("req", "J-04")]
    public async Task A_tick_into_a_full_queue_stays_due_until_there_is_room()
    {
        var clock = new FakeClock();
        await using var engine = await Engine.StartAsync(
            clock,
            options: static options => (options.MaximumQueueLength, options.PollInterval) = (1, TimeSpan.FromSeconds(5)),
            configure: static jobs => jobs.AddSchedule("minutely", "* * * * *", new Work("tick"), configure: static options => options.Queue("full")));
        await engine.Client.PauseQueueAsync("full");
        var blocker = await engine.Client.EnqueueAsync(new Work("blocker"), static options => options.Queue("full"));
        while (engine.Logs.Count(2041) == 0)
        {
            await clock.WaitForTimersAsync(5).WaitAsync(Engine.Guard);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Null(Assert.Single(await engine.Client.GetSchedulesAsync()).LastAt);
        await engine.Client.DeleteAsync(blocker);
        while (Assert.Single(await engine.Client.GetSchedulesAsync()).LastAt is null)
        {
            await clock.WaitForTimersAsync(5).WaitAsync(Engine.Guard);
            clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact, Trait("req", "J-04")]
    public async Task A_schedule_that_cannot_be_read_does_not_hold_up_the_others()
    {
        var clock = new FakeClock();
        var store = new MemoryJobStore(clock);
        await store.UpsertScheduleAsync(new ScheduleDefinition { Name = "a-broken", Cron = "not cron", TimeZone = "Nowhere/Never", Queue = "default", Type = "work", Payload = "{}"u8.ToArray() }, clock.GetUtcNow());
        await using var engine = await Engine.StartAsync(clock, store, configure: static jobs => jobs.AddSchedule("minutely", "* * * * *", new Work("tick")));
        await engine.Clock.WaitForTimersAsync(5).WaitAsync(Engine.Guard);

        engine.Clock.Advance(TimeSpan.FromMinutes(1));

        await engine.Changes.WaitForAsync(static change => change.State == JobState.Completed);
        Assert.True(engine.Logs.Count(2042) > 0);
    }

    [Theory, Trait("req", "J-04")]
    [InlineData("61 * * * *")]
    [InlineData("")]
    public void A_bad_cron_expression_is_refused_when_it_is_declared(string cron) =>
        Assert.ThrowsAny<Exception>(() => new JobsBuilder(new Microsoft.Extensions.DependencyInjection.ServiceCollection()).AddSchedule("x", cron, new Work("a")));
}
