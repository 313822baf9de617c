namespace Millrace.Caching.Tests;

/// <summary>The source is written first, then the cache; what readers see meanwhile and afterwards.</summary>
[Trait("req", "C-15")]
public sealed class WriteThroughTests
{
    private readonly Cache _cache = Caches.With();

    [Fact]
    public async Task Readers_see_the_old_value_until_the_source_has_the_new_one()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);
        var source = new Source();

        var writing = _cache.SetThroughAsync("k", "new", source.WriteAsync, CachePolicies.Long).AsTask();
        await source.Begun;
        Assert.Equal("old", await _cache.Read("k", "?"));
        source.End();
        await writing;

        Assert.Equal("new", await _cache.Read("k", "?"));
        Assert.Equal("new", source.Value);
    }

    [Fact]
    public async Task A_source_that_refuses_leaves_the_cache_as_it_was_and_the_caller_learns_why()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(async () => await _cache.SetThroughAsync(
            "k", "new", static (_, _) => throw new InvalidOperationException("no credit"), CachePolicies.Long));

        Assert.Equal("no credit", refusal.Message);
        Assert.Equal("old", await _cache.Read("k", "?"));
    }

    [Fact]
    public async Task A_write_that_was_given_up_leaves_nothing_because_the_source_may_have_it()
    {
        await _cache.SetAsync("k", "old", CachePolicies.Long);

        await Assert.ThrowsAsync<TimeoutException>(async () => await _cache.SetThroughAsync(
            "k", "new", static (_, _) => throw new TimeoutException(), CachePolicies.Long));

        Assert.Equal("what the source has", await _cache.Read("k", "what the source has"));
    }

    [Fact]
    public async Task A_reader_that_read_the_source_before_the_write_cannot_store_the_old_value_after_it()
    {
        var reading = new TaskCompletionSource();
        var slow = _cache.GetOrCreateAsync("k", async _ => { await reading.Task; return "old"; }, CachePolicies.Long).AsTask();

        await _cache.SetThroughAsync("k", "new", static (_, _) => ValueTask.CompletedTask, CachePolicies.Long);
        reading.SetResult();

        Assert.Equal("new", await slow);
        Assert.Equal("new", await _cache.Read("k", "?"));
    }

    [Fact]
    public async Task Writes_of_one_key_take_turns_so_that_cache_and_source_end_alike()
    {
        var (first, second) = (new Source(), new Source());
        var one = _cache.SetThroughAsync("k", "1", first.WriteAsync, CachePolicies.Long).AsTask();
        await first.Begun;
        var two = _cache.SetThroughAsync("k", "2", second.WriteAsync, CachePolicies.Long).AsTask();

        Assert.False(second.Begun.IsCompleted);
        second.End();
        first.End();
        await Task.WhenAll(one, two).WaitAsync(Caches.Guard);

        Assert.Equal("2", await _cache.Read("k", "?"));
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("set")]
    [InlineData("tag")]
    public async Task A_key_that_was_changed_while_the_source_was_written_is_read_again(string change)
    {
        var source = new Source();
        var writing = _cache.SetThroughAsync("k", "mine", source.WriteAsync, CachePolicies.Long, ["t"]).AsTask();
        await source.Begun;
        await (change switch
        {
            "removed" => _cache.RemoveAsync("k"),
            "set" => _cache.SetAsync("k", "other", CachePolicies.Long),
            _ => _cache.RemoveByTagAsync("t"),
        });
        source.End();
        await writing;

        Assert.Equal("what the source has", await _cache.Read("k", "what the source has"));
    }

    [Fact]
    public async Task A_bad_key_reaches_nobody()
    {
        var source = new Source();

        await Assert.ThrowsAsync<ArgumentException>(async () => await _cache.SetThroughAsync(" ", "v", source.WriteAsync, CachePolicies.Long));

        Assert.False(source.Begun.IsCompleted);
    }

    [Fact]
    public async Task A_cancelled_wait_for_the_turn_writes_nothing_and_the_next_goes_on()
    {
        var (first, second) = (new Source(), new Source());
        var one = _cache.SetThroughAsync("k", "1", first.WriteAsync, CachePolicies.Long).AsTask();
        await first.Begun;
        using var gone = new CancellationTokenSource();
        var two = _cache.SetThroughAsync("k", "2", second.WriteAsync, CachePolicies.Long, cancellationToken: gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        first.End();
        await one;
        await _cache.SetThroughAsync("k", "3", static (_, _) => ValueTask.CompletedTask, CachePolicies.Long);

        Assert.False(second.Begun.IsCompleted);
        Assert.Equal("3", await _cache.Read("k", "?"));
    }

    /// <summary>A source whose write ends when the test says so, accepted or refused.</summary>
    internal sealed class Source
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public string? Value { get; private set; }

        public void End() => _end.SetResult();

        public void Refuse(Exception reason) => _end.SetException(reason);

        public async ValueTask WriteAsync(string value, CancellationToken cancellationToken)
        {
            _begun.SetResult();
            await _end.Task.WaitAsync(cancellationToken);
            Value = value;
        }
    }
}
