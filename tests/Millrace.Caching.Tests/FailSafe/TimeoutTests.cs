using Millrace.TestKit;

namespace Millrace.Caching.Tests.FailSafe;

/// <summary>The source is slow: readers get the old value, or give it up.</summary>
[Trait("req", "C-08")]
public sealed class TimeoutTests
{
    private static readonly CachePolicy Soft = new("soft", TimeSpan.FromMinutes(1)) { FailSafe = TimeSpan.FromHours(1), SoftTimeout = TimeSpan.FromSeconds(1) };
    private static readonly CachePolicy Hard = new("hard", TimeSpan.FromMinutes(1)) { HardTimeout = TimeSpan.FromSeconds(3) };

    private readonly FakeClock _clock = new();

    [Fact]
    public async Task After_the_soft_limit_the_old_value_is_served_and_the_factory_goes_on_and_stores()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("old", Soft);
        _clock.Advance(TimeSpan.FromMinutes(2));

        var read = cache.ReadAsync(source, Soft).AsTask();
        await source.BegunAsync();
        Assert.False(read.IsCompleted);
        await AdvanceUntilAsync(read, TimeSpan.FromMilliseconds(250));
        Assert.Equal("old", await read);
        Assert.Equal("old", await cache.ReadAsync(source, Soft)); // at once: the limit is over since
        Assert.Equal(1, source.Runs);
        source.Answer("new");

        await cache.UntilAsync(static s => s.Flights == 0, "the factory has ended");
        Assert.True(cache.TryGet<string>("user:1", out var value));
        Assert.Equal("new", value);
        Assert.Equal(2, cache.GetStatistics().SoftTimeouts);
        Assert.Equal(2, cache.GetStatistics().StaleHits);
    }

    [Fact]
    public async Task A_quick_source_is_waited_for()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("old", Soft);
        _clock.Advance(TimeSpan.FromMinutes(2));
        var read = cache.ReadAsync(source, Soft).AsTask();
        await source.BegunAsync();

        source.Answer("new");

        Assert.Equal("new", await read);
        Assert.Equal(0, cache.GetStatistics().SoftTimeouts);
    }

    [Fact]
    public async Task Without_an_old_value_readers_wait_beyond_the_soft_limit()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        var read = cache.ReadAsync(source, Soft).AsTask();
        await source.BegunAsync();
        await _clock.WaitForTimersAsync(2, Reads.Token);
        _clock.Advance(TimeSpan.FromSeconds(2));

        source.Answer("new");

        Assert.Equal("new", await read);
    }

    [Fact]
    public async Task A_factory_that_went_on_in_the_background_stores_nothing_after_an_invalidation()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        await cache.GivenAsync("old", Soft);
        _clock.Advance(TimeSpan.FromMinutes(2));
        var read = cache.ReadAsync(source, Soft).AsTask();
        await source.BegunAsync();
        await AdvanceUntilAsync(read, TimeSpan.FromMilliseconds(250));

        await cache.RemoveAsync("user:1", Reads.Token);
        source.Answer("read before the invalidation");

        await cache.UntilAsync(static s => s.Flights == 0, "the factory has ended");
        Assert.False(cache.TryGet<string>("user:1", out _));
    }

    [Fact]
    public async Task After_the_hard_limit_the_token_is_cancelled_and_the_callers_are_told_what_to_do()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        var read = cache.ReadAsync(source, Hard).AsTask();
        await source.BegunAsync();

        await AdvanceUntilAsync(read, TimeSpan.FromSeconds(1));

        var error = await Assert.ThrowsAsync<TimeoutException>(() => read);
        Assert.Contains("user:{}", error.Message, StringComparison.Ordinal);
        Assert.Contains("00:00:03", error.Message, StringComparison.Ordinal);
        Assert.Contains("HardTimeout", error.Message, StringComparison.Ordinal);
        await cache.UntilAsync(static s => s.OverdueFactories == 0, "the factory has ended by its token");
        Assert.Equal(1, cache.GetStatistics().HardTimeouts);
        Assert.Equal("new", await cache.GivenAsync("new", Hard));
    }

    [Fact]
    public async Task After_the_hard_limit_the_old_value_is_served_if_there_is_one()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        var policy = Hard with { FailSafe = TimeSpan.FromHours(1) };
        await cache.GivenAsync("old", policy);
        _clock.Advance(TimeSpan.FromMinutes(2));
        var read = cache.ReadAsync(source, policy).AsTask();
        await source.BegunAsync();

        await AdvanceUntilAsync(read, TimeSpan.FromSeconds(1));

        Assert.Equal("old", await read);
        Assert.Equal("old", await cache.GivenAsync("new", policy)); // throttled, as after any failure
    }

    [Fact]
    public async Task A_factory_that_ignores_its_token_is_not_joined_by_a_second_one()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source { IgnoresToken = true };
        for (var i = 0; i < 5; i++)
        {
            var read = cache.ReadAsync(source, Hard).AsTask();
            await source.BegunAsync();
            await AdvanceUntilAsync(read, TimeSpan.FromSeconds(1));
            await Assert.ThrowsAsync<TimeoutException>(() => read);
        }

        Assert.Equal(1, source.Runs);
        Assert.Equal(1, cache.GetStatistics().OverdueFactories);
        Assert.Equal(5, cache.GetStatistics().HardTimeouts);
        source.Answer("too late");
        await cache.UntilAsync(static s => s.OverdueFactories == 0, "it has ended");

        Assert.Equal("new", await cache.GivenAsync("new", Hard));
    }

    [Fact]
    public async Task Overdue_factories_are_bounded_for_the_whole_cache()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source { IgnoresToken = true };
        var reads = Enumerable.Range(0, Millrace.Caching.FailSafe.SourceGuard.OverdueLimit)
            .Select(i => cache.GetOrCreateAsync($"user:{i}", source, Source.Read, Hard, cancellationToken: Reads.Token).AsTask()).ToArray();
        await source.BegunAsync(reads.Length);
        await AdvanceUntilAsync(Task.WhenAll(reads), TimeSpan.FromSeconds(1));
        Assert.Equal(reads.Length, cache.GetStatistics().OverdueFactories);

        var error = await Assert.ThrowsAsync<TimeoutException>(async () => await cache.GetOrCreateAsync("user:one-more", source, Source.Read, Hard, cancellationToken: Reads.Token));

        Assert.Contains("ignore their tokens", error.Message, StringComparison.Ordinal);
        Assert.Equal(reads.Length, source.Runs);
        Assert.Equal("unlimited", await cache.GivenAsync("unlimited", CachePolicies.Short)); // those without a limit are their own business
    }

    [Fact]
    public async Task A_time_out_of_the_factory_s_own_reaches_the_callers_as_it_is()
    {
        using var cache = Caches.With(clock: _clock);
        var own = new TimeoutException("of the database");

        Assert.Same(own, await Assert.ThrowsAsync<TimeoutException>(async () => await cache.FailingAsync(Hard, own)));
        Assert.Equal(0, cache.GetStatistics().HardTimeouts);
    }

    /// <summary>Moves the clock on, bit by bit, until a wait has ended: its timer may be armed after the clock was moved.</summary>
    private Task AdvanceUntilAsync(Task wait, TimeSpan by) => Poll.UntilAsync(
        () =>
        {
            if (!wait.IsCompleted)
            {
                _clock.Advance(by);
            }

            return Task.FromResult(wait.IsCompleted ? null : "it waits");
        },
        "the wait has ended");
}
