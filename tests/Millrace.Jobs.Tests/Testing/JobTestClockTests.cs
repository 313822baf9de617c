using Millrace.Jobs.Testing;

namespace Millrace.Jobs.Tests.Testing;

public sealed class JobTestClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.FromHours(2));

    [Fact, Trait("req", "J-17")]
    public void It_stands_still_until_it_is_moved_and_never_goes_back()
    {
        var clock = new JobTestClock(Start);
        Assert.Equal((Start, TimeSpan.Zero, Start), (clock.GetUtcNow(), clock.GetUtcNow().Offset, clock.StartedAt));
        var before = clock.GetTimestamp();

        clock.Advance(TimeSpan.FromMinutes(3));
        clock.AdvanceTo(Start);

        Assert.Equal(Start.AddMinutes(3), clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromMinutes(3), clock.GetElapsedTime(before));
        Assert.Equal(TimeZoneInfo.Utc, clock.LocalTimeZone);
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.Advance(TimeSpan.FromTicks(-1)));
    }

    [Fact, Trait("req", "J-17")]
    public void Without_a_start_it_is_the_systems_time_in_whole_seconds()
    {
        var (before, clock) = (TimeProvider.System.GetUtcNow(), new JobTestClock());

        Assert.InRange(clock.StartedAt, before.AddSeconds(-1), TimeProvider.System.GetUtcNow());
        Assert.Equal(0, clock.StartedAt.Ticks % TimeSpan.TicksPerSecond);
    }

    [Fact, Trait("req", "J-17")]
    public void Timers_fire_in_order_each_at_its_own_time()
    {
        var clock = new JobTestClock(Start);
        var fired = new List<(string, double)>();
        void Fire(object? name) => fired.Add(((string)name!, (clock.GetUtcNow() - Start).TotalSeconds));
        using var late = clock.CreateTimer(Fire, "late", TimeSpan.FromSeconds(9), Timeout.InfiniteTimeSpan);
        using var first = clock.CreateTimer(Fire, "first", TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        using var second = clock.CreateTimer(Fire, "second", TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        using var periodic = clock.CreateTimer(Fire, "every 3", TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3));
        var never = clock.CreateTimer(Fire, "never", TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        never.Dispose();
        using var chained = clock.CreateTimer(_ => late.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan), null, TimeSpan.FromSeconds(6), Timeout.InfiniteTimeSpan);

        clock.Advance(TimeSpan.FromSeconds(8));

        Assert.Equal([("first", 2), ("second", 2), ("every 3", 3), ("every 3", 6), ("late", 7)], fired);
    }

    [Fact, Trait("req", "J-17")]
    public async Task Delays_and_tokens_follow_it()
    {
        var clock = new JobTestClock(Start);
        using var source = new CancellationTokenSource(TimeSpan.FromMinutes(2), clock);
        var delay = Task.Delay(TimeSpan.FromMinutes(1), clock);

        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(delay.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        await delay.WaitAsync(Engine.Guard);
        Assert.False(source.IsCancellationRequested);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(source.IsCancellationRequested);
    }
}
