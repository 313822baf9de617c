using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit;

namespace Millrace.Jobs.Tests.Scheduling;

/// <summary>Intervals, bounds and missed ticks.</summary>
[Trait("req", "J-04")]
public sealed class ScheduleOptionsTests
{
    private readonly FakeClock _clock = new(); // 1 January 2026, midnight

    [Fact]
    public async Task An_interval_ticks_on_the_same_grid_after_every_restart()
    {
        await using var store = new MemoryJobStore(_clock);
        static void Every(JobsBuilder jobs) => jobs.AddSchedule("every", TimeSpan.FromMinutes(7), new Work("a"), static schedule => schedule.StartsAt = new DateTimeOffset(2026, 1, 1, 0, 3, 0, TimeSpan.Zero));
        await StartAsync(store, Every);
        var schedule = Assert.Single(await store.GetSchedulesAsync());
        Assert.Equal("@every 00:07:00", schedule.Definition.Cron);
        Assert.Equal(At(0, 3), schedule.NextAt);
        _clock.Advance(TimeSpan.FromMinutes(4));
        await StartAsync(store, Every);
        Assert.Equal((At(0, 10), 1), (Assert.Single(await store.GetSchedulesAsync()).NextAt, Assert.Single(await store.GetSchedulesAsync()).Runs));
    }

    [Fact]
    public async Task A_schedule_ends_after_its_runs_and_at_its_end()
    {
        await using var store = new MemoryJobStore(_clock);
        static void Two(JobsBuilder jobs) => jobs
            .AddSchedule("runs", "* * * * *", new Work("a"), static schedule => (schedule.MaximumRuns, schedule.Job) = (2, static options => options.Tag("runs")))
            .AddSchedule("end", "* * * * *", new Work("a"), static schedule => (schedule.EndsAt, schedule.Job) = (At(0, 3), static options => options.Tag("end")));
        await StartAsync(store, Two);
        for (var minute = 1; minute < 6; minute++)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            await StartAsync(store, Two);
        }

        Assert.Equal(2, (await store.ListAsync(new JobQuery { Tag = "runs" })).Jobs.Count);
        Assert.Equal(3, (await store.ListAsync(new JobQuery { Tag = "end" })).Jobs.Count);
        Assert.All(await store.GetSchedulesAsync(), static schedule => Assert.Null(schedule.NextAt));
    }

    [Theory]
    [InlineData(ScheduleMisfire.RunOnce, 1)]
    [InlineData(ScheduleMisfire.Skip, 0)]
    [InlineData(ScheduleMisfire.RunAll, 5)]
    public async Task Missed_ticks_are_treated_as_the_schedule_says(ScheduleMisfire misfire, int jobs)
    {
        await using var store = new MemoryJobStore(_clock);
        void Hourly(JobsBuilder builder) => builder.AddSchedule("hourly", "0 * * * *", new Work("a"), schedule => schedule.Misfire = misfire);
        await StartAsync(store, Hourly);
        _clock.Advance(TimeSpan.FromHours(5) + TimeSpan.FromMinutes(2));
        await StartAsync(store, Hourly);
        Assert.Equal(jobs, (await store.ListAsync(new JobQuery())).Jobs.Count);
        var schedule = Assert.Single(await store.GetSchedulesAsync());
        Assert.Equal((At(6, 0), jobs), (schedule.NextAt, schedule.Runs));
    }

    [Fact]
    public async Task A_tick_that_is_only_a_little_late_is_not_missed()
    {
        await using var store = new MemoryJobStore(_clock);
        static void Hourly(JobsBuilder builder) => builder.AddSchedule("hourly", "0 * * * *", new Work("a"), static schedule => schedule.Misfire = ScheduleMisfire.Skip);
        await StartAsync(store, Hourly);
        _clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(59));
        await StartAsync(store, Hourly);
        Assert.Single((await store.ListAsync(new JobQuery())).Jobs);
    }

    [Fact]
    public async Task Schedules_are_made_and_edited_while_the_application_runs()
    {
        await using var engine = await Engine.StartAsync(_clock, options: static options => options.RunSchedules = false);
        await engine.Client.SetScheduleAsync("user-7", "0 8 * * *", new Work("a"), static schedule => schedule.MaximumRuns = 10);
        Assert.Equal(At(8, 0), Assert.Single(await engine.Client.GetSchedulesAsync()).NextAt);
        await engine.Client.SetScheduleAsync("user-7", "@every 01:30:00", new Work("b"));
        var schedule = Assert.Single(await engine.Client.GetSchedulesAsync());
        Assert.Equal((At(1, 30), null), (schedule.NextAt, schedule.Definition.MaximumRuns));
        Assert.Contains("\"b\"", System.Text.Encoding.UTF8.GetString(schedule.Definition.Payload.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        var jobs = new JobsBuilder(new Microsoft.Extensions.DependencyInjection.ServiceCollection());
        Assert.Throws<ArgumentOutOfRangeException>(() => jobs.AddSchedule("x", TimeSpan.FromMilliseconds(999), new Work("a")));
        Assert.Throws<ArgumentOutOfRangeException>(() => jobs.AddSchedule("x", TimeSpan.FromTicks(10_000_001), new Work("a")));
        Assert.Throws<FormatException>(() => jobs.AddSchedule("x", "@every soon", new Work("a")));
        Assert.Throws<FormatException>(() => jobs.AddSchedule("x", "@every 00:00:00", new Work("a")));
        Assert.Throws<ArgumentException>(() => jobs.AddSchedule("x", "* * * * *", new Work("a"), static schedule => schedule.MaximumRuns = 0));
        Assert.Throws<ArgumentException>(() => jobs.AddSchedule("x", "* * * * *", new Work("a"), static schedule => (schedule.StartsAt, schedule.EndsAt) = (At(2, 0), At(1, 0))));
        Assert.Throws<ArgumentException>(() => jobs.AddSchedule("x", "* * * * *", new Work("a"), static schedule => schedule.Misfire = (ScheduleMisfire)7));
        Assert.Throws<ArgumentException>(() => jobs.AddSchedule("x", "* * * * *", new Work("a"), static schedule => schedule.Job = static options => options.Unique("k")));
        Assert.Throws<ArgumentException>(() => jobs.AddSchedule("x", "* * * * *", new Work("a"), static schedule => schedule.Job = static options => options.After("k")));
    }

    private static DateTimeOffset At(int hour, int minute) => new(2026, 1, 1, hour, minute, 0, TimeSpan.Zero);

    /// <summary>A process that starts, fires what is due, and stops.</summary>
    private async Task StartAsync(MemoryJobStore store, Action<JobsBuilder> configure)
    {
        await using var engine = await Engine.StartAsync(_clock, store, static options => options.RunWorkers = false, configure);
        await Poll.UntilAsync(
            async () => (await store.GetSchedulesAsync()) is { Count: > 0 } && (await store.GetDueSchedulesAsync(1)).Due.Count == 0 ? null : "some are due", "the schedules have fired", Engine.Guard);
    }
}
