namespace Millrace.Caching.Tests;

[Trait("req", "C-10")]
public sealed class InvalidationTests
{
    public static TheoryData<string> Ways => ["key", "keys", "tag", "tags", "everything", "star", "set"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_is_invalidated_is_read_from_the_source_again(string way)
    {
        using var cache = Caches.With();
        await cache.Read("k", "old", "t", "u");
        await cache.Read("untouched", "kept", "v");
        await Invalidate(cache, way);
        Assert.Equal("new", await cache.Read("k", "new"));
        Assert.Equal(way is "everything" or "star" ? "other" : "kept", await cache.Read("untouched", "other"));
    }

    [Theory, Trait("req", "C-04")]
    [MemberData(nameof(Ways))]
    public async Task A_flight_that_began_before_an_invalidation_is_never_stored_and_its_callers_get_what_came_later(string way)
    {
        using var cache = Caches.With();
        var gate = FlightTests.Signal();
        var before = cache.GetOrCreateAsync("k", async _ => { await gate.Task; return "old"; }, CachePolicies.Short, ["t"]).AsTask();
        await Invalidate(cache, way);

        // Who arrives now starts a flight of its own, while the first is still in the air.
        var later = await cache.Read("k", "new", "t").AsTask().WaitAsync(Caches.Guard);
        Assert.Equal("new", later);

        gate.SetResult();
        Assert.Equal("new", await before.WaitAsync(Caches.Guard));
        Assert.Equal("new", await cache.Read("k", "newest"));
    }

    [Theory, Trait("req", "C-04")]
    [MemberData(nameof(Ways))]
    public async Task A_doomed_flight_leaves_nothing_behind_even_when_nobody_came_meanwhile(string way)
    {
        using var cache = Caches.With();
        var gate = FlightTests.Signal();
        var read = cache.GetOrCreateAsync("k", async _ => { await gate.Task; return "old"; }, CachePolicies.Short, ["t"]).AsTask();
        await Invalidate(cache, way);
        gate.SetResult();
        await read.WaitAsync(Caches.Guard);
        Assert.Equal("new", await cache.Read("k", "new"));
        Assert.Equal(1, cache.GetStatistics().Doomed);
    }

    [Fact, Trait("req", "C-04")]
    public async Task A_joiner_whose_own_tag_was_invalidated_since_the_flight_began_starts_another()
    {
        using var cache = Caches.With();
        var gate = FlightTests.Signal();
        var before = cache.GetOrCreateAsync("k", async _ => { await gate.Task; return "old"; }, CachePolicies.Short).AsTask();
        await cache.RemoveByTagAsync("t");
        Assert.Equal("new", await cache.Read("k", "new", "t").AsTask().WaitAsync(Caches.Guard));
        await cache.RemoveAsync("k");
        gate.SetResult();
        await before.WaitAsync(Caches.Guard);
        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Fact, Trait("req", "C-04")]
    public async Task A_flight_that_began_before_a_set_is_not_stored_even_when_the_set_value_has_gone()
    {
        var clock = new TestKit.FakeClock();
        using var cache = Caches.With(clock: clock);
        var gate = FlightTests.Signal();
        var read = cache.GetOrCreateAsync("k", async _ => { await gate.Task; return "old"; }, CachePolicies.Long).AsTask();
        await cache.SetAsync("k", "set", CachePolicies.VeryShort);
        Assert.Equal("set", await cache.Read("k", "factory"));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, cache.GetStatistics().Entries);
        gate.SetResult();
        Assert.Equal("old", await read.WaitAsync(Caches.Guard));
        Assert.False(cache.TryGet<string>("k", out _));
    }

    [Fact, Trait("req", "C-04")]
    public async Task A_value_stored_as_of_a_stamp_is_invalid_from_the_start_if_its_tag_went_since()
    {
        using var cache = Caches.With();
        var stamp = cache.Stamp;
        await cache.RemoveByTagAsync("t");
        await cache.SetAsync("k", "old", CachePolicies.Short, stamp, ["t"]);
        Assert.False(cache.TryGet<string>("k", out _));
        await cache.SetAsync("k", "untagged", CachePolicies.Short, stamp);
        Assert.True(cache.TryGet<string>("k", out _));
        await cache.SetAsync("k", "old", CachePolicies.Short, stamp, ["t"]);
        Assert.False(cache.TryGet<string>("k", out _));
        Assert.Equal((2, 0), (cache.GetStatistics().Doomed, cache.GetStatistics().Entries));
        await cache.SetAsync("k", "new", CachePolicies.Short, cache.Stamp, ["t"]);
        Assert.True(cache.TryGet<string>("k", out _));
    }

    [Fact]
    public async Task Followers_hear_of_tags_until_they_stop()
    {
        using var cache = Caches.With();
        var heard = new List<string>();
        var following = cache.OnTagInvalidated(heard.Add);
        await cache.RemoveByTagAsync(["a", "b"]);
        await cache.InvalidateAllAsync();
        await cache.RemoveAsync("k");
        following.Dispose();
        await cache.RemoveByTagAsync("c");
        Assert.Equal(["a", "b", "*"], heard);
    }

    [Fact]
    public async Task A_value_that_was_read_after_an_invalidation_is_valid()
    {
        using var cache = Caches.With();
        await cache.RemoveByTagAsync("t");
        await cache.InvalidateAllAsync();
        await cache.Read("k", "v", "t");
        Assert.Equal("v", await cache.Read("k", "other"));
    }

    [Fact]
    public async Task Removing_what_is_not_there_is_fine()
    {
        using var cache = Caches.With();
        await cache.RemoveAsync("nothing");
        await cache.RemoveByTagAsync("nothing");
        await cache.RemoveAsync((IEnumerable<string>)null!);
        await cache.RemoveByTagAsync((IEnumerable<string>)null!);
    }

    [Fact, Trait("req", "C-04")]
    public async Task A_reader_in_the_middle_of_an_invalidation_does_not_keep_the_entry_alive()
    {
        using var cache = Caches.With(clock: TimeProvider.System);
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                cache.TryGet<string>("k", out var _);
            }
        })).ToArray();
        var survived = 0;
        for (var i = 0; i < 20_000; i++)
        {
            await cache.SetAsync("k", "v", CachePolicies.Short, ["t"]);
            await cache.RemoveByTagAsync("t");
            survived += cache.TryGet<string>("k", out _) ? 1 : 0;
        }

        await done.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(Caches.Guard);
        Assert.Equal(0, survived);
    }

    [Fact]
    public async Task More_invalidated_tags_than_are_remembered_cost_misses_and_never_a_stale_value()
    {
        const int Limit = 16;
        using var cache = Caches.With(o => o.InvalidatedTagLimit = Limit);
        await cache.Read("untagged", "v");
        for (var i = 0; i < 10 * Limit; i++)
        {
            await cache.Read($"k:{i}", "old", $"t:{i}");
        }

        for (var i = 0; i < 10 * Limit; i++)
        {
            await cache.RemoveByTagAsync($"t:{i}");
            for (var j = 0; j <= i; j++)
            {
                Assert.False(cache.TryGet<string>($"k:{j}", out _), $"k:{j} after t:{i}");
            }
        }

        Assert.True(cache.TryGet<string>("untagged", out _));
        await cache.Read("k:0", "new", "t:0");
        Assert.True(cache.TryGet<string>("k:0", out _));
    }

    [Fact, Trait("req", "C-02")]
    public async Task Invalidated_entries_give_their_memory_back_without_being_read()
    {
        var clock = new TestKit.FakeClock();
        using var cache = Caches.With(clock: clock);
        for (var i = 0; i < 5000; i++)
        {
            await cache.Read($"k:{i}", "value", $"t:{i % 2}");
        }

        await cache.RemoveByTagAsync("t:0");
        Assert.Equal(5000, cache.GetStatistics().Entries);
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(2500, cache.GetStatistics().Entries);
        await cache.InvalidateAllAsync();
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, cache.GetStatistics().Entries);
        Assert.Equal(0, cache.GetStatistics().SizeBytes);
        Assert.Equal(0, clock.ArmedTimers);
    }

    private static async Task Invalidate(Cache cache, string way)
    {
        await (way switch
        {
            "key" => cache.RemoveAsync("k"),
            "keys" => cache.RemoveAsync(["x", "k"]),
            "tag" => cache.RemoveByTagAsync("t"),
            "tags" => cache.RemoveByTagAsync(["x", "t"]),
            "star" => cache.RemoveByTagAsync("*"),
            "everything" => cache.InvalidateAllAsync(),
            _ => SetAndRemove(cache),
        });

        static async ValueTask SetAndRemove(Cache cache)
        {
            await cache.SetAsync("k", "set", CachePolicies.Short, ["t"]);
            await cache.RemoveAsync("k");
        }
    }
}
