namespace Millrace.Redis.Tests.Sessions;

public sealed class BlockingStreamTests(SharedRedis redis)
{
    public static TheoryData<string> RedisOnly => RedisServers.RedisOnly();

    [Theory]
    [MemberData(nameof(RedisOnly))]
    public async Task An_entry_that_comes_later_is_waited_for(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("stream");
        await client.ExecuteAsync("XADD", new RedisKey(key), "1-1", "f", "a");

        var first = await client.XReadBlockAsync(key, "0", Timeout.InfiniteTimeSpan, count: 1);
        var waiting = client.XReadBlockAsync(key, first[0].Id, Timeout.InfiniteTimeSpan).AsTask();
        await client.ExecuteAsync("XADD", new RedisKey(key), "1-2", "f", "b");
        var second = await waiting.WaitAsync(SessionClients.Limit);

        Assert.Equal("1-1", Assert.Single(first).Id);
        Assert.Equal("1-2", Assert.Single(second).Id);
    }

    [Theory]
    [MemberData(nameof(RedisOnly))]
    public async Task A_group_is_given_each_entry_once(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("stream");
        await client.ExecuteAsync("XGROUP", "CREATE", new RedisKey(key), "g", "0", "MKSTREAM");

        var waiting = client.XReadGroupBlockAsync(key, "g", "one", Timeout.InfiniteTimeSpan).AsTask();
        await client.ExecuteAsync("XADD", new RedisKey(key), "1-1", "f", "a");
        var given = await waiting.WaitAsync(SessionClients.Limit);

        Assert.Equal("1-1", Assert.Single(given).Id);
        Assert.Empty(await client.XReadGroupBlockAsync(key, "g", "two", TimeSpan.FromMilliseconds(1), count: 5, acknowledged: true));
    }

    [Theory]
    [MemberData(nameof(RedisOnly))]
    public async Task Tiny_timeouts_end(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("stream");

        Assert.Empty(await client.XReadBlockAsync(key, "$", TimeSpan.FromTicks(1)).AsTask().WaitAsync(SessionClients.Limit));
        Assert.Empty(await client.XReadBlockAsync(key, "$", TimeSpan.Zero).AsTask().WaitAsync(SessionClients.Limit));
    }

    [Theory]
    [MemberData(nameof(RedisOnly))]
    public async Task A_cancelled_wait_ends(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("stream");
        using var cancel = new CancellationTokenSource();

        var waiting = client.XReadBlockAsync(key, "$", Timeout.InfiniteTimeSpan, cancellationToken: cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(SessionClients.Limit));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.XReadBlockAsync(key, "$", TimeSpan.Zero, count: 0));
    }
}
