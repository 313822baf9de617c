using Millrace.TestKit;

namespace Millrace.Caching.Tests.Counting;

/// <summary>What only a clock that stands still can show.</summary>
public sealed class MemoryCountersTests
{
    [Fact, Trait("req", "C-17")]
    public async Task Expiries_are_exact()
    {
        var clock = new FakeClock();
        var counters = CacheCounters.InMemory(clock);
        var (fromCreation, sliding) = (CounterExpiry.FromCreation(TimeSpan.FromSeconds(10)), CounterExpiry.Sliding(TimeSpan.FromSeconds(10)));
        await counters.IncrementAsync("fixed", 1, fromCreation);
        await counters.IncrementAsync("sliding", 1, sliding);
        clock.Advance(TimeSpan.FromSeconds(6));
        await counters.IncrementAsync("fixed", 1, fromCreation);
        await counters.IncrementAsync("sliding", 1, sliding);
        clock.Advance(TimeSpan.FromSeconds(4) - TimeSpan.FromTicks(1));

        Assert.Equal([2, 2], await counters.GetManyAsync(["fixed", "sliding"]));
        Assert.Equal(TimeSpan.FromTicks(1), await counters.GetTimeToLiveAsync("fixed"));
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal([null, 2], await counters.GetManyAsync(["fixed", "sliding"]));
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Null(await counters.GetAsync("sliding"));
    }

    [Fact, Trait("req", "C-17")]
    public async Task A_full_memory_refuses_new_counters_keeps_the_old_and_takes_in_again_what_expiry_frees()
    {
        var clock = new FakeClock();
        var counters = CacheCounters.InMemory(clock, limit: 2);
        await counters.IncrementAsync("a");
        await counters.IncrementAsync("b", 1, CounterExpiry.FromCreation(TimeSpan.FromSeconds(1)));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await counters.IncrementAsync("c"));
        Assert.Contains("2 counters", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, await counters.IncrementAsync("a"));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await counters.IncrementAsync("c"));
    }
}
