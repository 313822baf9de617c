using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Caching.WriteBehind;
using Millrace.TestKit;

namespace Millrace.Caching.Tests;

/// <summary>What callers and readers see of writes that reach their source later; in memory, with a clock that the test moves.</summary>
[Trait("req", "C-15")]
public sealed class WriteBehindTests : IAsyncLifetime
{
    private static readonly WriteBehindOptions Options = new() { Delay = TimeSpan.FromSeconds(1), MaximumConcurrency = 16 };

    private readonly FakeClock _clock = new();
    private readonly RecordingSource _source = new();
    private ServiceProvider? _services;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_services is not null)
        {
            _source.Refuse = null;
            _source.Open();
            await _services.DisposeAsync();
        }
    }

    [Fact]
    public async Task Readers_see_the_value_at_once_and_the_source_gets_it_later()
    {
        var (cache, writes) = Start();
        await cache.SetAsync("k", "old", CachePolicies.Long);

        await writes.WriteAsync("k", "new");
        Assert.Equal("new", await cache.Read("k", "what the source has"));
        Assert.Empty(_source.Writes);
        await FlushAsync();

        Assert.Equal(["k=new"], _source.Writes);
        Assert.Equal(0, (await writes.GetStatisticsAsync()).Pending);
        await cache.RemoveAsync("k");
        Assert.Equal("what the source has", await cache.Read("k", "what the source has"));
    }

    [Fact]
    public async Task Readers_see_the_pending_value_also_after_the_entry_is_gone()
    {
        var (cache, writes) = Start();
        await writes.WriteAsync("k", "new");
        await cache.Read("k", "?");
        await cache.InvalidateAllAsync();

        Assert.Equal("new", await cache.Read("k", "what the source has"));
    }

    [Fact]
    public async Task A_read_that_began_before_the_write_cannot_hide_it()
    {
        var (cache, writes) = Start();
        var reading = new TaskCompletionSource();
        var slow = cache.GetOrCreateAsync("k", async _ => { await reading.Task; return "old"; }, CachePolicies.Long).AsTask();
        await writes.WriteAsync("k", "new");
        reading.SetResult();
        await slow;

        Assert.Equal("new", await cache.Read("k", "what the source has"));
    }

    [Fact]
    public async Task A_cache_that_is_switched_off_shows_pending_values_too()
    {
        var (cache, writes) = Start(configure: static options => options.Enabled = false);
        await writes.WriteAsync("k", "new");

        Assert.Equal("new", await cache.Read("k", "what the source has"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_batch_takes_pending_values_and_asks_the_source_for_the_rest(bool isEnabled)
    {
        var (cache, writes) = Start(configure: options => options.Enabled = isEnabled);
        await writes.WriteAsync("a", "pending");
        IReadOnlyList<string>? asked = null;

        var values = await cache.GetOrCreateManyAsync<int, string>(
            ["a", "b"],
            0,
            (_, keys, _) =>
            {
                asked = keys;
                return ValueTask.FromResult<IReadOnlyDictionary<string, string>>(keys.ToDictionary(static key => key, static key => $"source of {key}", StringComparer.Ordinal));
            },
            CachePolicies.Long);

        Assert.Equal(["b"], asked);
        Assert.Equal(("pending", "source of b"), (values["a"], values["b"]));
    }

    [Fact]
    public async Task Reads_of_another_type_and_another_key_go_to_the_source()
    {
        var (cache, writes) = Start();
        await writes.WriteAsync("k", "new");

        Assert.Equal(7, await cache.Read("k", 7));
        Assert.Equal("other", await cache.Read("other", "other"));
    }

    [Fact]
    public async Task Of_many_writes_of_a_key_the_last_reaches_the_source_and_the_others_count_as_coalesced()
    {
        var (_, writes) = Start();
        for (var i = 1; i <= 100; i++)
        {
            await writes.WriteAsync("k", $"{i}");
        }

        await FlushAsync();
        Assert.Equal(["k=100"], _source.Writes);
        var statistics = await writes.GetStatisticsAsync();
        Assert.Equal((100, 99, 1, 1), (statistics.Written, statistics.Coalesced, statistics.Flushed, statistics.Calls));
    }

    [Fact]
    public async Task Writes_of_a_partition_go_together_and_numbers_grow()
    {
        var (_, writes) = Start();
        var keys = KeysOfOnePartition(250);
        foreach (var key in keys)
        {
            await writes.WriteAsync(key, "v");
        }

        await FlushAsync(expected: 250);
        Assert.Equal([100, 100, 50], _source.Calls.Select(static call => call.Count));
        Assert.Equal(250, _source.Calls.SelectMany(static call => call).Select(static write => write.Sequence).Distinct().Count());
    }

    [Fact]
    public async Task A_key_s_next_write_waits_until_the_source_has_the_one_before()
    {
        var (cache, writes) = Start();
        _source.Close();
        await writes.WriteAsync("k", "1");
        await AdvanceUntilAsync(() => _source.Begun == 1);
        await writes.WriteAsync("k", "2");
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("2", await cache.Read("k", "?"));
        Assert.Equal(1, _source.Begun);
        _source.Open();
        await FlushAsync(expected: 2);

        Assert.Equal(["k=1", "k=2"], _source.Writes);
        Assert.True(_source.Calls[0][0].Sequence < _source.Calls[1][0].Sequence);
    }

    [Fact]
    public async Task No_more_calls_are_under_way_than_allowed()
    {
        var (_, writes) = Start(Options with { MaximumConcurrency = 2 });
        _source.Close();
        for (var i = 0; i < 200; i++)
        {
            await writes.WriteAsync($"k{i}", "v");
        }

        await AdvanceUntilAsync(() => _source.Begun == 2);
        _source.Open();
        await FlushAsync(expected: 200);
        Assert.Equal(2, _source.MostAtOnce);
    }

    [Fact]
    public async Task A_refused_write_is_tried_again_after_growing_delays_until_it_is_dead_and_then_readers_see_the_source()
    {
        var (cache, writes) = Start(Options with { MaximumAttempts = 4, FirstRetryDelay = TimeSpan.FromSeconds(1), LongestRetryDelay = TimeSpan.FromSeconds(2) });
        _source.Refuse = static _ => "no such row";
        await writes.WriteAsync("k", "poison");
        Assert.Equal("poison", await cache.Read("k", "?"));
        await AdvanceUntilAsync(() => _source.Refused == 4);
        await Poll.UntilAsync(async () => (await writes.GetStatisticsAsync()).Dead == 1 ? null : "it is not dead", "it is dead");

        Assert.Equal("what the source has", await cache.Read("k", "what the source has"));
        var dead = Assert.Single(await writes.GetDeadAsync());
        Assert.Equal(("k", "poison", 4, "InvalidOperationException: no such row"), (dead.Key, dead.Value, dead.Attempts, dead.Reason));
        Assert.Equal(3, (await writes.GetStatisticsAsync()).Retried);
        var waits = _source.RefusedAt.Zip(_source.RefusedAt.Skip(1), static (a, b) => b - a).ToList();
        Assert.True(waits[0] >= TimeSpan.FromSeconds(0.8) && waits[1] >= TimeSpan.FromSeconds(1.6), string.Join(' ', waits));

        _source.Refuse = null;
        Assert.True(await writes.ReplayAsync("k"));
        Assert.Equal("poison", await cache.Read("k", "?"));
        await FlushAsync();
        Assert.Equal(["k=poison"], _source.Writes);
        Assert.Empty(await writes.GetDeadAsync());
        Assert.False(await writes.ReplayAsync("k"));
        Assert.False(await writes.DiscardAsync("k"));

    }

    [Fact]
    public async Task One_poisoned_write_does_not_take_its_neighbours_with_it()
    {
        var (_, writes) = Start(Options with { MaximumAttempts = 6, FirstRetryDelay = TimeSpan.FromMilliseconds(100) });
        var keys = KeysOfOnePartition(100);
        _source.Refuse = batch => batch.Any(write => write.Key == keys[42]) ? "poison" : null;
        foreach (var key in keys)
        {
            await writes.WriteAsync(key, "v");
        }

        await AdvanceUntilAsync(() => _source.Writes.Count == 99);
        await AdvanceUntilAsync(async () => (await writes.GetStatisticsAsync()).Dead == 1);
        Assert.Equal(keys[42], Assert.Single(await writes.GetDeadAsync()).Key);
    }

    [Fact]
    public async Task A_call_that_takes_too_long_is_cancelled_and_counts_as_refused()
    {
        var (_, writes) = Start(Options with { MaximumAttempts = 1, HandlerTimeout = TimeSpan.FromSeconds(2) });
        _source.Close();
        await writes.WriteAsync("k", "v");
        await AdvanceUntilAsync(async () => (await writes.GetStatisticsAsync()).Dead == 1);

        Assert.Contains("00:00:02", Assert.Single(await writes.GetDeadAsync()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_store_is_flushed_at_once_and_a_write_that_finds_no_room_in_time_is_refused()
    {
        var (cache, writes) = Start(Options with { Delay = TimeSpan.FromHours(1), MaximumPending = 32, FullTimeout = TimeSpan.FromSeconds(2) });
        var keys = KeysOfOnePartition(4);
        _source.Refuse = static _ => "down";
        await writes.WriteAsync(keys[0], "v");
        await writes.WriteAsync(keys[1], "v");
        var refused = writes.WriteAsync(keys[2], "v").AsTask();
        await AdvanceUntilAsync(() => refused.IsCompleted);
        var full = await Assert.ThrowsAsync<WriteBehindFullException>(() => refused);
        Assert.Contains("MaximumPending", full.Message, StringComparison.Ordinal);
        Assert.Equal("what the source has", await cache.Read(keys[2], "what the source has"));

        _source.Refuse = null;
        var waiting = writes.WriteAsync(keys[3], "v").AsTask();
        await AdvanceUntilAsync(() => waiting.IsCompleted);
        await waiting;
        Assert.NotEmpty(_source.Writes);
    }

    [Fact]
    public async Task A_merge_makes_one_value_of_the_pending_and_the_newer_one()
    {
        var (cache, writes) = Start(merge: static (older, newer) => string.CompareOrdinal(older, newer) > 0 ? older : newer);
        await Task.WhenAll(Enumerable.Range(10, 80).Reverse().Select(i => Task.Run(async () => await writes.WriteAsync("k", $"{i}"))));

        Assert.Equal("89", await cache.Read("k", "?"));
        await FlushAsync();
        Assert.Equal(["k=89"], _source.Writes);
    }

    [Fact]
    public async Task Null_is_a_value()
    {
        var (cache, writes) = Start();
        await writes.WriteAsync("k", null!);

        Assert.Null(await cache.Read<string?>("k", "what the source has"));
        await FlushAsync();
        Assert.Null(_source.Calls[0][0].Value);
    }

    [Fact]
    public async Task A_value_that_is_too_large_and_a_bad_key_are_refused()
    {
        var (_, writes) = Start(Options with { MaximumValueBytes = 64 });

        await Assert.ThrowsAsync<ArgumentException>(async () => await writes.WriteAsync("k", new string('x', 64)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await writes.WriteAsync(" ", "v"));
        Assert.Equal(0, (await writes.GetStatisticsAsync()).Pending);
    }

    [Fact]
    public async Task Stopping_flushes_what_is_pending_without_waiting_for_its_time()
    {
        var (_, writes) = Start(Options with { Delay = TimeSpan.FromHours(1) });
        for (var i = 0; i < 300; i++)
        {
            await writes.WriteAsync($"k{i}", "v");
        }

        await HostAsync(static service => service.StopAsync(CancellationToken.None));
        Assert.Equal(300, _source.Writes.Count);
    }

    [Fact]
    public async Task Stopping_gives_up_after_its_grace_and_what_is_left_stays_pending()
    {
        var (_, writes) = Start(Options with { DrainTimeout = TimeSpan.FromSeconds(3) });
        _source.Close();
        await writes.WriteAsync("k", "v");
        await AdvanceUntilAsync(() => _source.Begun == 1);
        var stopping = HostAsync(static service => service.StopAsync(CancellationToken.None));
        await AdvanceUntilAsync(() => stopping.IsCompleted);
        await stopping;

        Assert.Empty(_source.Writes);
        Assert.Equal(1, (await writes.GetStatisticsAsync()).Pending);
    }

    [Fact]
    public async Task A_source_that_is_down_does_not_keep_a_stop_waiting()
    {
        var (_, writes) = Start();
        _source.Refuse = static _ => "down";
        await writes.WriteAsync("k", "v");

        await HostAsync(static service => service.StopAsync(CancellationToken.None)).WaitAsync(Caches.Guard); // the clock stands still
        Assert.Equal(1, (await writes.GetStatisticsAsync()).Pending);
    }

    private (Cache Cache, WriteBehind<string> Writes) Start(
        WriteBehindOptions? options = null, Func<string, string, string>? merge = null, Action<CacheOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_clock);
        services.AddMillraceCache(configure)
            .AddWriteBehind<string>("names", (_, writes, token) => _source.TakeAsync(_clock, writes, token), options ?? Options, merge)
            .KeepWritesInMemoryNotDurable();
        _services = services.BuildServiceProvider();
        return (_services.GetRequiredService<Cache>(), _services.GetRequiredService<WriteBehind<string>>());
    }

    private async Task HostAsync(Func<IHostedService, Task> act)
    {
        foreach (var service in _services!.GetServices<IHostedService>())
        {
            await act(service);
        }
    }

    private static List<string> KeysOfOnePartition(int count) =>
        [.. Enumerable.Range(0, 100_000).Select(static i => $"key:{i}").Where(static key => PartitionHash.Of(key) == 5).Take(count)];

    private Task FlushAsync(int expected = 1) => AdvanceUntilAsync(async () =>
        _source.Calls.Sum(static call => call.Count) >= expected && (await _services!.GetRequiredService<WriteBehind<string>>().GetStatisticsAsync()).Pending == 0);

    private Task AdvanceUntilAsync(Func<bool> isSo) => AdvanceUntilAsync(() => Task.FromResult(isSo()));

    /// <summary>Moves the clock on a little again and again: loops on other threads arm their timers when they come to it.</summary>
    private Task AdvanceUntilAsync(Func<Task<bool>> isSo) => Poll.UntilAsync(
        async () =>
        {
            if (await isSo())
            {
                return null;
            }

            _clock.Advance(TimeSpan.FromMilliseconds(100));
            return "not yet";
        },
        "it is so",
        Caches.Guard);
}
