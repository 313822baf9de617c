using System.Diagnostics.CodeAnalysis;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sessions;

[SuppressMessage("Reliability", "CA2012", Justification = "What throws gives nothing to await.")]
public sealed class LeaseTests(SharedRedis redis)
{
    public static TheoryData<string> Servers => RedisServers.All();

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_connection_that_is_given_back_clean_is_lent_again(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);

        var first = await IdOfLeaseAsync(client, static own => own.ExecuteAsync("PING").AsTask());
        var second = await IdOfLeaseAsync(client, static own => own.ExecuteAsync("PING").AsTask());

        Assert.Equal(first, second);
    }

    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("MULTI")]
    [InlineData("WATCH key")]
    [InlineData("CLIENT SETNAME somebody")]
    public async Task A_connection_whose_state_was_changed_by_name_is_not_lent_again(string line)
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var words = line.Split(' ');

        var first = await IdOfLeaseAsync(client, own => own.ExecuteAsync(words[0], [.. words.Skip(1).Select(static word => (RedisArgument)word)]).AsTask());
        var second = await IdOfLeaseAsync(client, static own => own.ExecuteAsync("PING").AsTask());

        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task A_connection_that_still_watches_is_not_lent_again_and_one_that_does_not_any_more_is()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var key = SessionClients.Key("watched");

        var first = await IdOfLeaseAsync(client, async own =>
        {
            await own.WatchAsync([key]);
            await own.UnwatchAsync();
        });
        var second = await IdOfLeaseAsync(client, own => own.WatchAsync([key]).AsTask());
        var third = await IdOfLeaseAsync(client, static own => own.ExecuteAsync("PING").AsTask());

        Assert.Equal(first, second);
        Assert.NotEqual(second, third);
    }

    [Fact]
    public async Task A_connection_with_an_open_command_is_not_lent_again()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var list = SessionClients.Key("list");
        Task<RedisReply>? open = null;

        var first = await IdOfLeaseAsync(client, own =>
        {
            open = own.ExecuteAsync("BLPOP", new RedisKey(list), 0).AsTask();
            return Task.CompletedTask;
        });
        var second = await IdOfLeaseAsync(client, static own => own.ExecuteAsync("PING").AsTask());

        Assert.NotEqual(first, second);
        await Assert.ThrowsAsync<RedisConnectionException>(() => open!.WaitAsync(SessionClients.Limit));
    }

    [Fact]
    public async Task More_leases_than_allowed_wait_for_one_that_is_given_back()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3, static options => options.MaximumDedicatedConnections = 2);
        var first = await client.LeaseAsync();
        var second = await client.LeaseAsync();
        var third = client.LeaseAsync().AsTask();
        var fourth = client.LeaseAsync().AsTask();
        using var cancel = new CancellationTokenSource();
        var given = client.LeaseAsync(cancel.Token).AsTask();

        Assert.False(third.IsCompleted || fourth.IsCompleted || given.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given.WaitAsync(SessionClients.Limit));
        await first.DisposeAsync();
        await using var a = await third.WaitAsync(SessionClients.Limit);
        await second.ExecuteAsync("SELECT", 1); // it is closed, and its place is free
        await second.DisposeAsync();
        await using var b = await fourth.WaitAsync(SessionClients.Limit);

        Assert.Equal("PONG", (await a.ExecuteAsync("PING")).AsString());
        Assert.Equal("PONG", (await b.ExecuteAsync("PING")).AsString());
        Assert.Equal(2, client.Topology.NodeOf(-1).Dedicated.Count);
    }

    [Fact]
    public async Task A_lease_that_waits_too_long_names_the_option()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3, static options =>
        {
            options.MaximumDedicatedConnections = 1;
            options.CommandTimeout = TimeSpan.FromMilliseconds(200);
        });
        await using var only = await client.LeaseAsync();

        var error = await Assert.ThrowsAsync<RedisTimeoutException>(() => client.LeaseAsync().AsTask().WaitAsync(SessionClients.Limit));

        Assert.Contains("MaximumDedicatedConnections", error.Message, StringComparison.Ordinal);
        Assert.Equal(RedisDelivery.NotSent, error.Delivery);
    }

    [Fact]
    public async Task Idle_connections_are_closed()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3, static options => options.IdleTimeout = TimeSpan.FromSeconds(1));
        var pool = client.Topology.NodeOf(-1).Dedicated;
        await IdOfLeaseAsync(client, static own => own.ExecuteAsync("PING").AsTask());
        Assert.Equal(1, pool.Idle);
        using var limit = new CancellationTokenSource(SessionClients.Limit);

        while (pool.Count > 0)
        {
            limit.Token.ThrowIfCancellationRequested();
            await client.ExecuteAsync("PING"); // takes a moment
        }

        Assert.Equal(0, pool.Idle);
        await IdOfLeaseAsync(client, static own => own.ExecuteAsync("PING").AsTask());
    }

    [Fact]
    public async Task A_connection_that_was_lost_fails_its_commands_and_the_next_lease_opens_another()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await SessionClients.ConnectAsync(server);
        await using (var own = await client.LeaseAsync())
        {
            var open = own.ExecuteAsync("BLPOP", new RedisKey("list"), 0).AsTask();
            await server.RestartAsync();

            await Assert.ThrowsAsync<RedisConnectionException>(() => open.WaitAsync(SessionClients.Limit));
            var late = await Assert.ThrowsAsync<RedisConnectionException>(() => own.ExecuteAsync("PING").AsTask());
            Assert.Equal(RedisDelivery.NotSent, late.Delivery);
        }

        await using var next = await client.LeaseAsync();
        Assert.Equal("PONG", (await next.ExecuteAsync("PING")).AsString());
    }

    [Fact]
    public async Task A_lease_fails_when_no_server_is_there_and_leaves_no_place_taken()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await SessionClients.ConnectAsync(server, static options => options.MaximumDedicatedConnections = 1);
        await server.KillAsync();

        for (var i = 0; i < 3; i++)
        {
            var error = await Assert.ThrowsAsync<RedisConnectionException>(() => client.LeaseAsync().AsTask().WaitAsync(SessionClients.Limit));
            Assert.Equal((server.Address, RedisDelivery.NotSent), (error.Server, error.Delivery));
        }

        await server.RestartAsync();
        await using var own = await client.LeaseAsync();
        Assert.Equal("PONG", (await own.ExecuteAsync("PING")).AsString());
    }

    [Fact]
    public async Task A_lease_that_was_given_back_takes_no_commands()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var own = await client.LeaseAsync("key");
        await own.DisposeAsync();
        await own.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => { _ = own.ExecuteAsync("PING"); });
        Assert.Throws<RedisException>(() => { _ = own.ExecuteAsync("SUBSCRIBE", "channel"); });
    }

    [Fact]
    public async Task Leases_waits_and_transactions_connect_a_client_that_has_not_connected_yet()
    {
        var key = SessionClients.Key("list");
        for (var what = 0; what < 3; what++)
        {
            await using var client = RedisClient.Create(RedisOptions.Parse(redis.Server.Address), services: null);
            switch (what)
            {
                case 0:
                    await using (var own = await client.LeaseAsync(key))
                    {
                        await own.RPushAsync(key, "x");
                    }

                    break;
                case 1:
                    Assert.Equal("x"u8.ToArray(), await client.BLPopAsync(key, Timeout.InfiniteTimeSpan).AsTask().WaitAsync(SessionClients.Limit));
                    break;
                default:
                    using (var transaction = client.CreateTransaction())
                    {
                        var length = transaction.LLenAsync(key);
                        Assert.True(await transaction.ExecuteAsync());
                        Assert.Equal(0, await length);
                    }

                    break;
            }
        }
    }

    [Fact]
    public async Task A_command_that_is_cancelled_before_is_not_sent()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var key = SessionClients.Key("n");
        await using var own = await client.LeaseAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => own.ExecuteAsync("INCR", new CancellationToken(canceled: true), new RedisKey(key)).AsTask());

        Assert.Equal(1, (await own.ExecuteAsync("INCR", new RedisKey(key))).AsInt64());
    }

    private static async Task<long> IdOfLeaseAsync(RedisClient client, Func<RedisDedicatedConnection, Task> use)
    {
        await using var own = await client.LeaseAsync();
        var id = (await own.ExecuteAsync("CLIENT ID")).AsInt64();
        await use(own);
        return id;
    }
}
