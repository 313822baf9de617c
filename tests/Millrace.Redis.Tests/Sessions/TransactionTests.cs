using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sessions;

[SuppressMessage("Reliability", "CA2012", Justification = "What a transaction gives is awaited once, after it.")]
public sealed class TransactionTests(SharedRedis redis)
{
    public static TheoryData<string> Servers => RedisServers.All();

    public static TheoryData<string> RedisOnly => RedisServers.RedisOnly();

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Each_command_of_a_transaction_has_its_own_result(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        using var transaction = client.CreateTransaction();
        var (key, hash) = (SessionClients.Key("{t}n"), SessionClients.Key("{t}hash"));

        var number = transaction.ExecuteAsync("INCRBY", new RedisKey(key), 42);
        var wrong = transaction.LPushAsync(key, "x");
        var written = transaction.ExecuteAsync("HSET", new RedisKey(hash), "a", 1, "b", 2);
        var read = transaction.ExecuteAsync("HGETALL", new RedisKey(hash));
        var parsed = transaction.ExecuteAsync("GET", static (ref reader) => reader.ReadInt64(), CancellationToken.None, new RedisKey(key));
        var none = transaction.GetAsync(SessionClients.Key("{t}none"));

        Assert.True(await transaction.ExecuteAsync());
        Assert.Equal(42, (await number).AsInt64());
        Assert.Equal("WRONGTYPE", (await Assert.ThrowsAsync<RedisServerException>(wrong.AsTask)).Code);
        Assert.Equal(2, (await written).AsInt64());
        Assert.Equal(["a=1", "b=2"], (await read).Pairs.Select(static pair => $"{pair.Key.AsString()}={pair.Value.AsString()}"));
        Assert.Equal(42, await parsed);
        Assert.Null(await none);
    }

    /// <remarks>Not with Garnet, which runs the others.</remarks>
    [Theory]
    [MemberData(nameof(RedisOnly))]
    public async Task A_command_that_the_server_refuses_keeps_all_from_running(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("n");
        using var transaction = client.CreateTransaction();

        var good = transaction.ExecuteAsync("INCR", new RedisKey(key));
        var bad = transaction.ExecuteAsync("NOSUCHCOMMAND", new RedisKey(key));
        var abort = await Assert.ThrowsAsync<RedisServerException>(() => transaction.ExecuteAsync().AsTask());

        Assert.Equal("EXECABORT", abort.Code);
        Assert.Contains("unknown command", (await Assert.ThrowsAsync<RedisServerException>(bad.AsTask)).Message, StringComparison.Ordinal);
        Assert.Contains("did not run", (await Assert.ThrowsAsync<RedisException>(good.AsTask)).Message, StringComparison.Ordinal);
        Assert.Null(await client.GetAsync(key));
        await using var own = await client.LeaseAsync();
        Assert.Equal("PONG", (await own.ExecuteAsync("PING")).AsString()); // not QUEUED
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_transaction_does_not_run_when_a_watched_key_has_changed(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("n");
        await client.SetAsync(key, 1);
        await using var own = await client.LeaseAsync(key);
        await own.WatchAsync([key]);
        using var transaction = own.CreateTransaction();
        var task = transaction.SetAsync(key, 2);
        await client.SetAsync(key, 100);

        Assert.False(await transaction.ExecuteAsync());
        Assert.Contains("watches was changed", (await Assert.ThrowsAsync<RedisException>(task.AsTask)).Message, StringComparison.Ordinal);
        Assert.False(own.IsWatching);
        Assert.Equal("100"u8.ToArray(), await own.GetAsync(key));
    }

    [Fact]
    public async Task Counting_with_watch_by_many_at_once_loses_no_count()
    {
        const int Writers = 8;
        const int Each = 25;
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var key = SessionClients.Key("n");
        await client.SetAsync(key, 0);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            for (var done = 0; done < Each;)
            {
                await using var own = await client.LeaseAsync(key);
                await own.WatchAsync([key]);
                var value = int.Parse((await own.GetAsync(key))!, CultureInfo.InvariantCulture);
                using var transaction = own.CreateTransaction();
                _ = transaction.SetAsync(key, value + 1);
                done += await transaction.ExecuteAsync() ? 1 : 0;
            }
        })).WaitAsync(SessionClients.Limit);

        Assert.Equal(Writers * Each, int.Parse((await client.GetAsync(key))!, CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Transactions_of_many_callers_do_not_mix()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3, static options => options.MaximumDedicatedConnections = 4);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(async caller =>
        {
            var key = SessionClients.Key($"c{caller}");
            for (var i = 0; i < 20; i++)
            {
                using var transaction = client.CreateTransaction();
                var set = transaction.SetAsync(key, i);
                var get = transaction.GetAsync(key);
                Assert.True(await transaction.ExecuteAsync());
                Assert.True(await set);
                Assert.Equal(i, int.Parse((await get)!, CultureInfo.InvariantCulture));
            }
        })).WaitAsync(SessionClients.Limit);

        Assert.InRange(client.Topology.NodeOf(-1).Dedicated.Count, 1, 4);
    }

    [Fact]
    public async Task A_transaction_is_executed_once()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        using var empty = client.CreateTransaction();
        Assert.True(await empty.ExecuteAsync());

        await Assert.ThrowsAsync<InvalidOperationException>(() => empty.ExecuteAsync().AsTask());
        Assert.Throws<InvalidOperationException>(() => { _ = empty.GetAsync("key"); });
    }

    [Fact]
    public async Task A_transaction_that_is_disposed_and_not_executed_fails_its_commands()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var transaction = client.CreateTransaction();
        var task = transaction.GetAsync("key");
        transaction.Dispose();

        await Assert.ThrowsAsync<RedisException>(task.AsTask);
    }

    [Fact]
    public async Task A_transaction_that_is_cancelled_before_it_is_sent_does_not_run()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var key = SessionClients.Key("n");
        using var transaction = client.CreateTransaction();
        var task = transaction.SetAsync(key, 1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transaction.ExecuteAsync(new CancellationToken(canceled: true)).AsTask());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(task.AsTask);
        Assert.Null(await client.GetAsync(key));
    }

    [Fact]
    public async Task A_server_that_is_lost_fails_the_transaction_and_all_its_commands()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await SessionClients.ConnectAsync(server);
        await using var own = await client.LeaseAsync();
        await server.PauseAsync();
        using var transaction = own.CreateTransaction();
        var first = transaction.SetAsync("a", 1);
        var second = transaction.GetAsync("a");
        var execution = transaction.ExecuteAsync().AsTask();

        await server.KillAsync();

        var error = await Assert.ThrowsAsync<RedisConnectionException>(() => execution.WaitAsync(SessionClients.Limit));
        Assert.Equal(RedisDelivery.MayHaveRun, error.Delivery);
        await Assert.ThrowsAsync<RedisConnectionException>(first.AsTask);
        await Assert.ThrowsAsync<RedisConnectionException>(second.AsTask);
    }

    [Theory]
    [InlineData("WATCH")]
    [InlineData("MULTI")]
    [InlineData("SELECT")]
    [InlineData("SUBSCRIBE")]
    public async Task Commands_that_have_no_place_in_a_transaction_are_refused(string command)
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        using var transaction = client.CreateTransaction();

        Assert.Throws<RedisException>(() => { _ = transaction.ExecuteAsync(command, "x"); });
        Assert.Equal(0, transaction.Count);
    }

    [Fact]
    public async Task A_transaction_of_the_most_commands_runs()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var key = SessionClients.Key("n");
        using var transaction = client.CreateTransaction();
        var tasks = new Task<RedisReply>[RedisTransaction.MaximumCount];
        for (var i = 0; i < tasks.Length; i++)
        {
            tasks[i] = transaction.ExecuteAsync("INCR", new RedisKey(key)).AsTask();
        }

        Assert.Throws<InvalidOperationException>(() => { _ = transaction.GetAsync(key); });
        Assert.True(await transaction.ExecuteAsync());
        Assert.Equal(Enumerable.Range(1, tasks.Length).Select(static i => (long)i), (await Task.WhenAll(tasks)).Select(static reply => reply.AsInt64()));
    }
}
