using Millrace.TestKit;

namespace Millrace.Caching.Tests.FailSafe;

/// <summary>Entries without a source, and several at once.</summary>
[Trait("req", "C-17")]
public sealed class EntriesTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public async Task An_entry_exists_as_long_as_it_is_valid()
    {
        using var cache = Caches.With(clock: _clock);
        Assert.False(await cache.ExistsAsync("k", Reads.Token));
        await cache.SetAsync("k", "one", CachePolicies.Short, cancellationToken: Reads.Token);
        Assert.True(await cache.ExistsAsync("k", Reads.Token));

        _clock.Advance(TimeSpan.FromMinutes(5));

        Assert.False(await cache.ExistsAsync("k", Reads.Token));
        Assert.Equal(0, cache.GetStatistics().Hits + cache.GetStatistics().Misses);
    }

    [Fact]
    public async Task Its_expiration_can_be_asked_for_and_moved()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.SetAsync("k", "one", CachePolicies.Short, ["t"], Reads.Token);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromMinutes(4), await cache.GetExpirationAsync("k", Reads.Token));

        Assert.True(await cache.TouchAsync("k", TimeSpan.FromHours(1), Reads.Token));

        Assert.Equal(TimeSpan.FromHours(1), await cache.GetExpirationAsync("k", Reads.Token));
        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.True(cache.TryGet<string>("k", out var value));
        Assert.Equal("one", value);
        await cache.RemoveByTagAsync("t", Reads.Token);
        Assert.False(await cache.TouchAsync("k", TimeSpan.FromHours(1), Reads.Token));
        Assert.Null(await cache.GetExpirationAsync("k", Reads.Token));
    }

    [Fact]
    public async Task Several_are_set_and_got_at_once()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.SetManyAsync([KeyValuePair.Create("a", (string?)"1"), KeyValuePair.Create("b", (string?)null)], CachePolicies.Short, ["t"], Reads.Token);

        var found = await cache.GetManyAsync<string>(["a", "b", "c", "a"], Reads.Token);

        Assert.Equal([KeyValuePair.Create("a", (string?)"1"), KeyValuePair.Create("b", (string?)null)], found.OrderBy(static pair => pair.Key));
        await cache.RemoveByTagAsync("t", Reads.Token);
        Assert.Empty(await cache.GetManyAsync<string>(["a", "b"], Reads.Token));
    }

    [Fact]
    public async Task Those_that_are_missing_come_from_one_run()
    {
        using var cache = Caches.With(clock: _clock);
        await cache.SetAsync("b", "here", CachePolicies.Short, cancellationToken: Reads.Token);
        List<string> asked = [];

        var found = await ManyAsync(cache, ["a", "b", "c", "d"], keys =>
        {
            asked.AddRange(keys);
            return keys.Where(static key => key != "d").ToDictionary(static key => key, static key => $"{key} read");
        });

        Assert.Equal(["a", "c", "d"], asked);
        Assert.Equal(["a read", "here", "c read"], found.OrderBy(static pair => pair.Key).Select(static pair => pair.Value));
        Assert.Equal(1, cache.GetStatistics().FactoryRuns);
        Assert.True(cache.TryGet<string>("c", out _));
        Assert.False(cache.TryGet<string>("d", out _)); // left out, and not kept
    }

    [Fact, Trait("req", "C-03")]
    public async Task A_key_that_somebody_reads_already_is_waited_for()
    {
        using var cache = Caches.With(clock: _clock);
        var source = new Source();
        var single = cache.ReadAsync(source, CachePolicies.Short).AsTask();
        await source.BegunAsync();
        List<string> asked = [];
        var many = ManyAsync(cache, ["user:1", "user:2"], keys =>
        {
            asked.AddRange(keys);
            return keys.ToDictionary(static key => key, static key => $"{key} read");
        }).AsTask();
        await cache.UntilAsync(static s => s.Joins == 1 && s.Stores == 1, "it has joined one and read the other");

        source.Answer("single");

        Assert.Equal("single", await single);
        Assert.Equal("single", (await many)["user:1"]);
        Assert.Equal(["user:2"], asked);
    }

    [Fact, Trait("req", "C-04")]
    public async Task What_was_invalidated_during_the_run_is_not_stored_and_the_rest_is()
    {
        using var cache = Caches.With(clock: _clock);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var many = cache.GetOrCreateManyAsync<int, string>(
            ["a", "b"],
            0,
            async (_, keys, _) =>
            {
                begun.SetResult();
                await gate.Task;
                return keys.ToDictionary(static key => key, static _ => "old");
            },
            CachePolicies.Short,
            cancellationToken: Reads.Token).AsTask();
        await begun.Task;

        await cache.RemoveAsync("a", Reads.Token);
        gate.SetResult();

        Assert.Equal(2, (await many).Count);
        Assert.False(cache.TryGet<string>("a", out _));
        Assert.True(cache.TryGet<string>("b", out _));
    }

    [Fact]
    public async Task A_run_that_fails_fails_for_all_who_wait_and_serves_what_is_kept()
    {
        using var cache = Caches.With(clock: _clock);
        var policy = new CachePolicy { FailSafe = TimeSpan.FromHours(1) };
        await cache.SetAsync("a", "kept", policy, cancellationToken: Reads.Token);
        _clock.Advance(TimeSpan.FromMinutes(6));

        await Assert.ThrowsAsync<IOException>(async () => await ManyAsync(cache, ["a", "b"], static _ => throw new IOException(), policy));

        Assert.Equal("kept", (await ManyAsync(cache, ["a"], static _ => throw new IOException(), policy))["a"]);
        Assert.Equal(0, cache.GetStatistics().Flights);
    }

    [Fact]
    public async Task A_factory_that_waits_for_one_of_its_own_keys_is_told_so()
    {
        using var cache = Caches.With(clock: _clock);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.GetOrCreateManyAsync<int, string>(
            ["a", "b"],
            0,
            async (_, keys, _) => keys.ToDictionary(static key => key, static _ => "x").Concat([KeyValuePair.Create("c", await cache.Read("b", "y"))]).ToDictionary(),
            CachePolicies.Short,
            cancellationToken: Reads.Token));

        Assert.Contains("neither would ever finish", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_factory_is_cancelled_when_every_reader_has_gone()
    {
        using var cache = Caches.With(clock: _clock);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gone = new CancellationTokenSource();
        var many = cache.GetOrCreateManyAsync<int, string>(
            ["a", "b"],
            0,
            async (_, _, token) =>
            {
                begun.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token);
                return new Dictionary<string, string>();
            },
            CachePolicies.Short,
            cancellationToken: gone.Token).AsTask();
        await begun.Task;

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => many);
        await cache.UntilAsync(static s => s.Flights == 0, "the factory has ended");
    }

    [Fact]
    public async Task Too_many_keys_and_bad_ones_are_refused()
    {
        using var cache = Caches.With(clock: _clock);
        var many = Enumerable.Range(0, 10_001).Select(static i => $"k{i}").ToArray();

        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.GetManyAsync<string>(many, Reads.Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.GetManyAsync<string>(["ok", ""], Reads.Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.SetManyAsync([KeyValuePair.Create("ok", 1), KeyValuePair.Create(" ", 2)], CachePolicies.Short, cancellationToken: Reads.Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await cache.TouchAsync("k", TimeSpan.Zero, Reads.Token));
        Assert.Equal(0, cache.GetStatistics().Entries);
    }

    private static ValueTask<IReadOnlyDictionary<string, string?>> ManyAsync(
        Cache cache, string[] keys, Func<IReadOnlyList<string>, Dictionary<string, string>> source, CachePolicy? policy = null) =>
        cache.GetOrCreateManyAsync(
            keys,
            source,
            static (source, keys, _) => ValueTask.FromResult<IReadOnlyDictionary<string, string>>(source(keys)),
            policy ?? CachePolicies.Short,
            cancellationToken: Reads.Token);
}
