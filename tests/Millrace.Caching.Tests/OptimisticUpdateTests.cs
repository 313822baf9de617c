using Source = Millrace.Caching.Tests.WriteThroughTests.Source;

namespace Millrace.Caching.Tests;

/// <summary>The new value shows at once; a refusal brings back the value before, and only that.</summary>
[Trait("req", "C-15")]
public sealed class OptimisticUpdateTests
{
    private static readonly InvalidOperationException Refusal = new("sold out");

    private readonly Cache _cache = Caches.With();

    [Fact]
    public async Task The_new_value_shows_before_the_source_has_it_and_stays_when_it_is_accepted()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);
        var (source, update) = Begin("new");
        await source.Begun;
        Assert.Equal("new", await _cache.Read("k", "?"));
        source.End();
        await update;

        Assert.Equal("new", await _cache.Read("k", "?"));
        Assert.Equal("new", source.Value);
    }

    [Fact]
    public async Task A_refusal_brings_back_the_value_before_and_the_caller_learns_why()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);
        var (source, update) = Begin("new");
        await source.Begun;
        source.Refuse(Refusal);

        Assert.Same(Refusal, await Assert.ThrowsAsync<InvalidOperationException>(() => update));
        Assert.Equal("old", await _cache.Read("k", "?"));
    }

    [Fact]
    public async Task A_refusal_leaves_nothing_where_there_was_nothing()
    {
        var (source, update) = Begin("new");
        await source.Begun;
        source.Refuse(Refusal);

        await Assert.ThrowsAsync<InvalidOperationException>(() => update);
        Assert.False(_cache.TryGet<string>("k", out _));
        Assert.Equal(0, _cache.GetStatistics().SizeBytes);
    }

    [Fact]
    public async Task A_refusal_does_not_undo_what_somebody_else_did_to_the_key_meanwhile()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);
        var (source, update) = Begin("new");
        await source.Begun;
        await _cache.SetAsync("k", "other", CachePolicies.Long);
        source.Refuse(Refusal);

        await Assert.ThrowsAsync<InvalidOperationException>(() => update);
        Assert.Equal("other", await _cache.Read("k", "?"));
    }

    [Fact]
    public async Task A_key_removed_meanwhile_is_not_brought_back_by_a_refusal_and_read_again_after_an_acceptance()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);
        var (refused, first) = Begin("new");
        await refused.Begun;
        await _cache.RemoveAsync("k");
        refused.Refuse(Refusal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        Assert.False(_cache.TryGet<string>("k", out _));

        var (accepted, second) = Begin("newer");
        await accepted.Begun;
        await _cache.RemoveAsync("k");
        accepted.End();
        await second;
        Assert.Equal("what the source has", await _cache.Read("k", "what the source has"));
    }

    [Fact]
    public async Task A_value_whose_tag_was_invalidated_meanwhile_does_not_come_back()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long, ["t"]);
        var (source, update) = Begin("new");
        await source.Begun;
        await _cache.RemoveByTagAsync("t");
        source.Refuse(Refusal);

        await Assert.ThrowsAsync<InvalidOperationException>(() => update);
        Assert.False(_cache.TryGet<string>("k", out _));
    }

    [Fact]
    public async Task A_value_that_comes_back_lives_no_longer_than_it_would_have()
    {
        var clock = new Millrace.TestKit.FakeClock();
        using var cache = Caches.With(clock: clock);
        await cache.SetAsync("k", "old", new CachePolicy { Expiration = TimeSpan.FromMinutes(1) });
        clock.Advance(TimeSpan.FromSeconds(50));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.SetOptimisticallyAsync(
            "k", "new", static (_, _) => throw Refusal, CachePolicies.Long));
        Assert.Equal("old", await cache.Read("k", "?"));
        clock.Advance(TimeSpan.FromSeconds(11));

        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Fact]
    public async Task An_update_that_was_given_up_leaves_nothing_because_the_source_may_have_it()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);
        var (source, update) = Begin("new");
        await source.Begun;
        source.Refuse(new TimeoutException());

        await Assert.ThrowsAsync<TimeoutException>(() => update);
        Assert.False(_cache.TryGet<string>("k", out _));
    }

    [Theory]
    [InlineData(true, true, "2")]
    [InlineData(true, false, "1")]
    [InlineData(false, true, "2")]
    [InlineData(false, false, "old")]
    public async Task Of_two_updates_shown_together_the_cache_ends_with_what_the_source_accepted(bool acceptsFirst, bool acceptsSecond, string end)
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);
        var (one, first) = Begin("1");
        await one.Begun;
        var (two, second) = Begin("2");
        Assert.Equal("2", await _cache.Read("k", "?"));
        Assert.False(two.Begun.IsCompleted); // the source sees them one after the other
        await EndAsync(one, first, acceptsFirst);
        Assert.Equal("2", await _cache.Read("k", "?"));
        await two.Begun.WaitAsync(Caches.Guard);
        await EndAsync(two, second, acceptsSecond);

        Assert.Equal(end, await _cache.Read("k", "?"));
    }

    [Fact]
    public async Task A_reader_that_read_the_source_before_the_update_cannot_store_the_old_value_after_it()
    {
        var reading = new TaskCompletionSource();
        var slow = _cache.GetOrCreateAsync("k", async _ => { await reading.Task; return "old"; }, CachePolicies.Long).AsTask();
        var (source, update) = Begin("new");
        await source.Begun;
        reading.SetResult();
        await slow;
        Assert.Equal("new", await _cache.Read("k", "?"));
        source.End();
        await update;

        Assert.Equal("new", await _cache.Read("k", "?"));
    }

    private static async Task EndAsync(Source source, Task update, bool accepts)
    {
        if (accepts)
        {
            source.End();
            await update;
        }
        else
        {
            source.Refuse(Refusal);
            await Assert.ThrowsAsync<InvalidOperationException>(() => update);
        }
    }

    private (Source Source, Task Update) Begin(string value)
    {
        var source = new Source();
        return (source, _cache.SetOptimisticallyAsync("k", value, source.WriteAsync, CachePolicies.Long).AsTask());
    }
}
