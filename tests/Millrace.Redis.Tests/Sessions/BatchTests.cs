using System.Diagnostics.CodeAnalysis;

namespace Millrace.Redis.Tests.Sessions;

[SuppressMessage("Reliability", "CA2012", Justification = "What a batch gives is awaited once, after the batch; what throws gives nothing.")]
public sealed class BatchTests(SharedRedis redis)
{
    public static TheoryData<string> Servers => RedisServers.All();

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Each_command_of_a_batch_has_its_own_result(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        using var batch = client.CreateBatch();
        var key = SessionClients.Key("n");

        var first = batch.ExecuteAsync("INCR", new RedisKey(key));
        var wrong = batch.ExecuteAsync("LPUSH", new RedisKey(key), "x");
        var second = batch.ExecuteAsync("INCRBY", new RedisKey(key), 10);
        var value = batch.GetAsync(key);
        Assert.Equal(4, batch.Count);
        Assert.False(first.IsCompleted);
        await batch.ExecuteAsync();

        Assert.True(first.IsCompleted && wrong.IsCompleted && second.IsCompleted && value.IsCompleted);
        Assert.Equal(0, batch.Count);
        Assert.Equal(1, (await first).AsInt64());
        Assert.Equal("WRONGTYPE", (await Assert.ThrowsAsync<RedisServerException>(wrong.AsTask)).Code);
        Assert.Equal(11, (await second).AsInt64());
        Assert.Equal("11"u8.ToArray(), await value);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_batch_is_used_again_and_again(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server, static options => options.ConnectionsPerServer = 3);
        using var batch = client.CreateBatch();
        var keys = Enumerable.Range(0, 100).Select(i => SessionClients.Key($"k{i}")).ToArray();
        var tasks = new ValueTask<byte[]?>[keys.Length];
        await Task.WhenAll(keys.Select(key => client.SetAsync(key, key).AsTask()));

        for (var round = 0; round < 200; round++)
        {
            for (var i = 0; i < keys.Length; i++)
            {
                tasks[i] = batch.GetAsync(keys[i]);
            }

            await batch.ExecuteAsync();
            for (var i = 0; i < keys.Length; i++)
            {
                Assert.Equal(keys[i], System.Text.Encoding.UTF8.GetString((await tasks[i])!));
            }
        }
    }

    [Fact]
    public async Task Commands_of_a_batch_run_in_their_order()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        using var batch = client.CreateBatch();
        var key = SessionClients.Key("list");

        for (var i = 0; i < 20_000; i++)
        {
            _ = batch.ExecuteAsync("RPUSH", new RedisKey(key), i);
        }

        await batch.ExecuteAsync();
        var items = (await client.ExecuteAsync("LRANGE", new RedisKey(key), 0, -1)).Items;

        Assert.Equal(Enumerable.Range(0, 20_000).Select(static i => (long)i), items.Select(static item => item.AsInt64()));
    }

    [Fact]
    public async Task An_empty_batch_is_executed_at_once()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        using var batch = client.CreateBatch();

        Assert.True(batch.ExecuteAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_batch_that_is_disposed_and_not_sent_fails_its_commands()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var batch = client.CreateBatch();
        var key = SessionClients.Key("unsent");

        var task = batch.SetAsync(key, "x");
        batch.Dispose();

        var error = await Assert.ThrowsAsync<RedisException>(task.AsTask);
        Assert.Contains("SET was not sent", error.Message, StringComparison.Ordinal);
        Assert.Null(await client.GetAsync(key));
        Assert.Throws<ObjectDisposedException>(() => { _ = batch.GetAsync(key); });
    }

    [Fact]
    public async Task A_command_that_is_cancelled_before_the_batch_is_sent_is_left_out()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        using var batch = client.CreateBatch();
        var key = SessionClients.Key("n");
        using var cancel = new CancellationTokenSource();

        var first = batch.ExecuteAsync("INCR", cancel.Token, new RedisKey(key));
        var second = batch.ExecuteAsync("INCR", new RedisKey(key));
        await cancel.CancelAsync();
        await batch.ExecuteAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(first.AsTask);
        Assert.Equal(1, (await second).AsInt64());
    }

    [Fact]
    public async Task A_batch_has_a_bound()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        using var batch = client.CreateBatch();
        var last = default(ValueTask<RedisReply>);
        for (var i = 0; i < RedisBatch.MaximumCount; i++)
        {
            last = batch.ExecuteAsync("PING");
        }

        Assert.Throws<InvalidOperationException>(() => { _ = batch.ExecuteAsync("PING"); });
        await batch.ExecuteAsync();
        Assert.Equal("PONG", (await last).AsString());
    }

    [Fact]
    public async Task A_batch_without_a_server_fails_with_its_commands()
    {
        await using var server = await TestKit.Redis.RedisServer.StartAsync();
        await using var client = await SessionClients.ConnectAsync(server, static options => options.CommandTimeout = TimeSpan.FromSeconds(1));
        using var batch = client.CreateBatch();
        await server.PauseAsync();

        var one = batch.GetAsync("a");
        var other = batch.GetAsync("b");
        await Assert.ThrowsAsync<RedisTimeoutException>(batch.ExecuteAsync().AsTask);
        await server.KillAsync();

        await Assert.ThrowsAsync<RedisTimeoutException>(one.AsTask);
        await Assert.ThrowsAsync<RedisTimeoutException>(other.AsTask);
        var next = batch.GetAsync("a");
        await Assert.ThrowsAnyAsync<RedisException>(batch.ExecuteAsync().AsTask);
        await Assert.ThrowsAnyAsync<RedisException>(next.AsTask);
    }
}
