using Millrace.Caching.Tests.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Tests.Counting;

/// <summary>What counters do, in memory and on every server: one suite.</summary>
public sealed class CountersTests(SharedServers servers) : IAsyncDisposable
{
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);
    private readonly List<RedisClient> _clients = [];
    private readonly string _prefix = SharedServers.Prefix();

    public static TheoryData<string> Stores => SharedServers.Stores;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task A_counter_begins_at_zero_and_goes_up_and_down(string store)
    {
        var counters = await On(store);

        Assert.Null(await counters.GetAsync("n", Token));
        Assert.False(await counters.ExistsAsync("n", Token));
        Assert.Equal(1, await counters.IncrementAsync("n", cancellationToken: Token));
        Assert.Equal(6, await counters.IncrementAsync("n", 5, cancellationToken: Token));
        Assert.Equal(-4, await counters.DecrementAsync("n", 10, cancellationToken: Token));
        Assert.Equal(-4, await counters.IncrementAsync("n", 0, cancellationToken: Token));
        Assert.Equal(-4, await counters.GetAsync("n", Token));
        Assert.True(await counters.ExistsAsync("n", Token));
        Assert.Equal(Timeout.InfiniteTimeSpan, await counters.GetTimeToLiveAsync("n", Token));
        Assert.Null(await counters.GetTimeToLiveAsync("other", Token));
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task All_64_bits_are_exact_with_and_without_an_expiry(string store)
    {
        var counters = await On(store);
        foreach (var expiry in new[] { default, CounterExpiry.FromCreation(Long), CounterExpiry.Sliding(Long) })
        {
            await counters.SetAsync("n", long.MaxValue - 3, cancellationToken: Token);

            Assert.Equal(long.MaxValue - 2, await counters.IncrementAsync("n", 1, expiry, Token));
            Assert.Equal(long.MaxValue, await counters.IncrementAsync("n", 2, expiry, Token));
            Assert.Equal(long.MaxValue, await counters.GetAsync("n", Token));
            await counters.SetAsync("n", 0, cancellationToken: Token);
            Assert.Equal(long.MinValue, await counters.IncrementAsync("n", long.MinValue, expiry, Token));
        }
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task A_sum_that_does_not_fit_is_refused_and_changes_nothing(string store)
    {
        var counters = await On(store);
        await counters.SetAsync("n", long.MaxValue, cancellationToken: Token);
        foreach (var expiry in new[] { default, CounterExpiry.Sliding(Long) })
        {
            var error = await Assert.ThrowsAsync<OverflowException>(async () => await counters.IncrementAsync("n", 1, expiry, Token));

            Assert.Contains("'n'", error.Message, StringComparison.Ordinal);
            Assert.Equal(long.MaxValue, await counters.GetAsync("n", Token));
            Assert.Equal(Timeout.InfiniteTimeSpan, await counters.GetTimeToLiveAsync("n", Token));
        }

        await counters.SetAsync("n", long.MinValue, cancellationToken: Token);
        await Assert.ThrowsAsync<OverflowException>(async () => await counters.DecrementAsync("n", cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await counters.DecrementAsync("n", long.MinValue, cancellationToken: Token));
        Assert.Equal(long.MinValue, await counters.GetAsync("n", Token));
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task An_expiry_counts_from_the_first_change_or_from_each(string store)
    {
        var counters = await On(store);
        foreach (var name in new[] { "fixed", "sliding" })
        {
            await counters.IncrementAsync(name, 1, CounterExpiry.FromCreation(Long), Token);
        }

        await counters.TouchAsync("fixed", TimeSpan.FromMinutes(1), Token);
        await counters.TouchAsync("sliding", TimeSpan.FromMinutes(1), Token);
        await counters.IncrementAsync("fixed", 1, CounterExpiry.FromCreation(Long), Token);
        await counters.IncrementAsync("sliding", 1, CounterExpiry.Sliding(Long), Token);

        Assert.InRange((await counters.GetTimeToLiveAsync("fixed", Token))!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.InRange((await counters.GetTimeToLiveAsync("sliding", Token))!.Value, TimeSpan.FromMinutes(2), Long);
        await counters.IncrementAsync("sliding", 1, cancellationToken: Token);
        Assert.InRange((await counters.GetTimeToLiveAsync("sliding", Token))!.Value, TimeSpan.FromMinutes(2), Long); // left alone
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task A_counter_that_expired_counts_from_zero(string store)
    {
        var counters = await On(store);
        await counters.IncrementAsync("n", 7, CounterExpiry.FromCreation(Brief), Token);
        await GoneAsync(counters, "n");

        Assert.Equal(1, await counters.IncrementAsync("n", 1, CounterExpiry.FromCreation(Long), Token));
        await counters.SetAsync("n", 5, Brief, Token);
        await GoneAsync(counters, "n");
        Assert.Null(await counters.GetAsync("n", Token));
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task Touching_prolongs_and_shortens_what_is_there(string store)
    {
        var counters = await On(store);
        Assert.False(await counters.TouchAsync("n", Long, Token));
        await counters.SetAsync("n", 1, cancellationToken: Token);

        Assert.True(await counters.TouchAsync("n", Long, Token));
        Assert.InRange((await counters.GetTimeToLiveAsync("n", Token))!.Value, TimeSpan.FromMinutes(59), Long);
        Assert.True(await counters.TouchAsync("n", Brief, Token));
        await GoneAsync(counters, "n");
        Assert.False(await counters.TouchAsync("n", Long, Token));
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task Many_are_set_and_read_at_once(string store)
    {
        var counters = await On(store);
        await counters.SetManyAsync([new("a", 1), new("b", -2), new("c", long.MaxValue), new("a", 9)], Long, Token);

        Assert.Equal([-2, null, 9, long.MaxValue, 9], await counters.GetManyAsync(["b", "none", "a", "c", "a"], Token));
        Assert.InRange((await counters.GetTimeToLiveAsync("b", Token))!.Value, TimeSpan.FromMinutes(59), Long);
        Assert.Empty(await counters.GetManyAsync([], Token));
        await counters.SetManyAsync([], cancellationToken: Token);
        var tooMany = new string[CacheCounters.MaximumBatch + 1];
        Array.Fill(tooMany, "a");
        await Assert.ThrowsAsync<ArgumentException>(async () => await counters.GetManyAsync(tooMany, Token));
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task Resetting_tells_the_last_value(string store)
    {
        var counters = await On(store);
        Assert.Null(await counters.ResetAsync("n", Token));
        await counters.IncrementAsync("n", 41, CounterExpiry.FromCreation(Long), Token);

        Assert.Equal(41, await counters.ResetAsync("n", Token));
        Assert.False(await counters.ExistsAsync("n", Token));
        Assert.Equal(1, await counters.IncrementAsync("n", cancellationToken: Token));
        Assert.Equal(Timeout.InfiniteTimeSpan, await counters.GetTimeToLiveAsync("n", Token));
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task Names_and_lifetimes_are_checked(string store)
    {
        var counters = await On(store);
        foreach (var name in new[] { "", "a{b", "a\nb", new string('x', 513) })
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await counters.IncrementAsync(name, cancellationToken: Token));
            await Assert.ThrowsAsync<ArgumentException>(async () => await counters.GetManyAsync(["a", name], Token));
            await Assert.ThrowsAsync<ArgumentException>(async () => await counters.SetAsync(name, 1, cancellationToken: Token));
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await counters.TouchAsync("a", TimeSpan.Zero, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await counters.SetAsync("a", 1, TimeSpan.FromDays(4000), Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => CounterExpiry.Sliding(TimeSpan.FromTicks(1)));
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task A_cancelled_token_gives_up(string store)
    {
        var counters = await On(store);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await counters.IncrementAsync("n", cancellationToken: new(true)));
        Assert.Null(await counters.GetAsync("n", Token));
    }

    /// <summary>No increment is lost or counted twice, whoever makes it, also while others read and reset.</summary>
    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task The_sum_of_what_many_tasks_on_several_nodes_add_is_exact(string store)
    {
        const int Seed = 20261128;
        var nodes = await On(store, nodes: 3);
        var expected = new long[4];
        var taken = new long[4];
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async task =>
        {
            var random = new Random(Seed + task);
            for (var i = 0; i < 150; i++)
            {
                var (node, counter, by) = (nodes[random.Next(nodes.Length)], random.Next(expected.Length), random.Next(-5, 100));
                await node.IncrementAsync($"sum{counter}", by, random.Next(2) == 0 ? default : CounterExpiry.Sliding(Long), Token);
                Interlocked.Add(ref expected[counter], by);
                if (random.Next(20) == 0)
                {
                    Interlocked.Add(ref taken[counter], await node.ResetAsync($"sum{counter}", Token) ?? 0);
                }
            }
        }));
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], taken[i] + (await nodes[0].GetAsync($"sum{i}", Token) ?? 0));
        }
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(SharedServers.Servers), MemberType = typeof(SharedServers))]
    public async Task A_key_that_holds_something_else_is_named_not_overwritten(string server)
    {
        var counters = await On(server);
        await _clients[0].SetAsync($"{_prefix}!counter:{{text}}", "no number", Token);
        await _clients[0].HSetAsync($"{_prefix}!counter:{{hash}}", "f", "1", Token);
        foreach (var name in new[] { "text", "hash" })
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await counters.IncrementAsync(name, cancellationToken: Token));
            Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await counters.IncrementAsync(name, 1, CounterExpiry.Sliding(Long), Token));
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await counters.GetAsync(name, Token));
        }

        Assert.Equal(Timeout.InfiniteTimeSpan, await counters.GetTimeToLiveAsync("hash", Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await counters.GetManyAsync(["text"], Token));
    }

    [Theory, Trait("req", "C-17")]
    [MemberData(nameof(Stores))]
    public async Task The_server_tells_its_time(string store)
    {
        var counters = await On(store);
        var first = await counters.GetServerTimeAsync(Token);

        Assert.InRange(first, TimeProvider.System.GetUtcNow().AddMinutes(-2), TimeProvider.System.GetUtcNow().AddMinutes(2));
        Assert.True(await counters.GetServerTimeAsync(Token) >= first);
    }

    /// <summary>A hundred commands, and no more, for a hundred calls: each is one round trip.</summary>
    [Fact, Trait("req", "C-17")]
    public async Task Every_call_is_one_command()
    {
        var counters = await On(SharedServers.Redis);
        await counters.IncrementAsync("n", 1, CounterExpiry.FromCreation(Long), Token); // the script is there now
        foreach (var (call, commands) in new (Func<Task> Call, int Commands)[]
        {
            (async () => await counters.IncrementAsync("n", cancellationToken: Token), 1),
            (async () => await counters.IncrementAsync("n", 1, CounterExpiry.Sliding(Long), Token), 1),
            (async () => await counters.GetAsync("n", Token), 1),
            (async () => await counters.GetManyAsync(["n", "m", "o"], Token), 1),
            (async () => await counters.SetManyAsync([new("n", 1), new("m", 2), new("o", 3)], Long, Token), 3), // in one write
            (async () => await counters.TouchAsync("n", Long, Token), 1),
            (async () => await counters.GetTimeToLiveAsync("n", Token), 1),
            (async () => await counters.ExistsAsync("n", Token), 1),
            (async () => await counters.ResetAsync("n", Token), 1),
        })
        {
            var before = Sent();
            await call();
            Assert.Equal(commands, Sent() - before);
        }

        long Sent() => _clients[0].GetStatistics().Sum(static server => server.Commands);
    }

    private async Task<CacheCounters> On(string store) => (await On(store, nodes: 1))[0];

    private async Task<CacheCounters[]> On(string store, int nodes)
    {
        if (store == SharedServers.Memory)
        {
            var shared = CacheCounters.InMemory();
            return [.. Enumerable.Repeat(shared, nodes)];
        }

        while (_clients.Count < nodes)
        {
            _clients.Add(await servers.ConnectAsync(store));
        }

        return [.. _clients.Select(client => CacheCounters.InRedis(client, _prefix))];
    }

    private static Task GoneAsync(CacheCounters counters, string name) => TestKit.Poll.UntilAsync(
        async () => await counters.ExistsAsync(name, Token) ? "it is there" : null, $"counter {name} has expired");
}
