using System.Globalization;
using Millrace.Jobs.Stores.Memory;
using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.TestKit;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Servers;

/// <summary>Only the server's clock counts: a process whose own is wrong does nothing early, nothing late and nothing twice.</summary>
[Trait("req", "J-12"), Trait("peer", "10"), Collection(HeavyCollection.Name)]
public sealed class ClockTests(SharedRedis shared) : IClassFixture<SharedRedis>
{
    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task A_process_whose_clock_is_an_hour_off_runs_delayed_jobs_when_the_server_says(int minutes)
    {
        var clock = new SkewedClock(TimeSpan.FromMinutes(minutes));
        await using var store = new RedisJobStore(shared.Client, _prefix, clock, serverClock: true);
        await using var engine = await RealEngine.StartAsync(store, clock: clock);
        await engine.Client.EnqueueAsync(new Work("later"), static options => options.Id("later").Delay(TimeSpan.FromMinutes(30)));

        var soon = await engine.Client.EnqueueAsync(new Work("soon"), static options => options.Delay(TimeSpan.FromMilliseconds(500)));
        await engine.ReachesAsync(soon, JobState.Completed);

        Assert.Equal(JobState.Scheduled, (await store.GetAsync("later", Token))!.State);
        var ran = (await store.GetAsync(soon, Token))!;
        var now = await shared.Client.TimeAsync(Token);
        Assert.InRange(ran.CreatedAt, now.AddMinutes(-5), now);
        Assert.InRange(ran.FinishedAt!.Value, ran.CreatedAt.AddMilliseconds(500), now);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task A_process_whose_clock_is_an_hour_off_neither_fires_a_tick_that_is_past_nor_skips_the_next(int minutes)
    {
        var now = await shared.Client.TimeAsync(Token);
        var (past, next) = (now.AddMinutes(-30), now.AddMinutes(30));
        var clock = new SkewedClock(TimeSpan.FromMinutes(minutes));
        await using var store = new RedisJobStore(shared.Client, _prefix, clock, serverClock: true);

        await using var engine = await RealEngine.StartAsync(store, clock: clock, configure: jobs => jobs
            .AddSchedule("past", Daily(past), new Work("past"))
            .AddSchedule("next", Daily(next), new Work("next"))
            .AddSchedule("every-second", "* * * * * *", new Work("tick"), configure: static options => options.Tag("tick")));
        await engine.Changes.WaitForAsync(static change => change.State == JobState.Completed && change.Tags.Contains("tick")); // the others came before it

        var schedules = (await store.GetSchedulesAsync(Token)).ToDictionary(static schedule => schedule.Definition.Name, StringComparer.Ordinal);
        Assert.Equal((Minute(past).AddDays(1), null), (schedules["past"].NextAt, schedules["past"].LastAt));
        Assert.Equal((Minute(next), null), (schedules["next"].NextAt, schedules["next"].LastAt));

        await engine.Client.PauseScheduleAsync("next", Token);
        await engine.Client.ResumeScheduleAsync("next", Token);
        Assert.Equal(Minute(next), (await store.GetSchedulesAsync(Token)).Single(static schedule => schedule.Definition.Name == "next").NextAt);
    }

    [Fact]
    public async Task A_process_whose_clock_is_an_hour_ahead_takes_no_job_from_a_living_worker()
    {
        var gate = new Gate();
        await using var store = new RedisJobStore(shared.Client, _prefix, TimeProvider.System);
        await using var engine = await RealEngine.StartAsync(store, run: (_, _, stop) => gate.WaitAsync(stop));
        var id = await engine.Client.EnqueueAsync(new Work("a"), cancellationToken: Token);
        await engine.ReachesAsync(id, JobState.Running);
        var clock = new SkewedClock(TimeSpan.FromHours(1));
        await using var otherStore = new RedisJobStore(shared.Client, _prefix, clock, serverClock: true);
        var sweeps = 0;
        var counting = new FaultingJobStore(otherStore, operation =>
        {
            _ = operation == "Sweep" ? Interlocked.Increment(ref sweeps) : 0;
            return StoreFault.None;
        });
        await using var other = await RealEngine.StartAsync(counting, clock: clock);

        await Turn.UntilAsync(() => Volatile.Read(ref sweeps) >= 4);

        gate.Open();
        await engine.ReachesAsync(id, JobState.Completed);
        Assert.Equal(1, (await store.GetAsync(id, Token))!.Attempt);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_lengthen_a_lease()
    {
        var clock = new SkewedClock(TimeSpan.Zero);
        var stopped = new Gate();
        var cut = false;
        var store = new FaultingJobStore(new MemoryJobStore(clock), operation => operation == "Heartbeat" && Volatile.Read(ref cut) ? StoreFault.Before : StoreFault.None);
        await using var engine = await RealEngine.StartAsync(store, static options => options.Lease = TimeSpan.FromSeconds(2), clock: clock, run: async (_, _, stop) =>
        {
            await using (stop.Register(stopped.Open))
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            }
        });
        var id = await engine.Client.EnqueueAsync(new Work("a"), cancellationToken: Token);
        await engine.ReachesAsync(id, JobState.Running);

        clock.By = TimeSpan.FromHours(-1);
        Volatile.Write(ref cut, true);

        await stopped.WaitAsync();
        await Turn.UntilAsync(() => engine.Logs.Count(2005) == 1);
    }

    private static string Daily(DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"{at.Minute} {at.Hour} * * *");

    private static DateTimeOffset Minute(DateTimeOffset time) => new(time.Year, time.Month, time.Day, time.Hour, time.Minute, 0, TimeSpan.Zero);
}
