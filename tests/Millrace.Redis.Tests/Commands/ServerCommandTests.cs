using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Commands;

public sealed class ServerCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task A_server_answers(string server)
    {
        var client = await ConnectAsync(server);
        await client.PingAsync();
        Assert.Equal("hello", Text(await client.EchoAsync("hello")));
        Assert.InRange(await client.TimeAsync() - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task A_server_describes_itself(string server)
    {
        var client = await ConnectAsync(server);
        var one = await client.InfoAsync("server");
        Assert.True(one.ContainsKey("redis_version"));
        Assert.False(one.ContainsKey("keyspace_hits"));
        Assert.True((await client.InfoAsync()).Count > one.Count);
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task A_message_that_nobody_hears_is_counted_so(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Equal(0, await client.PublishAsync(Prefix + "channel", "hello"));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task A_sharded_message_that_nobody_hears_is_counted_so(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Equal(0, await client.SPublishAsync(Key("channel"), "hello"));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Wait_counts_the_replicas_that_have_a_write(string server)
    {
        await using var primary = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync(new RedisServerSetup { ReplicaOf = primary.Port });
        var options = RedisOptions.Parse(primary.Address);
        options.CommandTimeout = TimeSpan.FromMinutes(1);
        options.Protocol = RedisServers.ProtocolOf(server) == 2 ? RedisProtocol.Resp2 : RedisProtocol.Resp3;
        await using var client = await RedisClient.ConnectAsync(options);
        await client.SetAsync(Key(), "1");
        Assert.Equal(1, await client.WaitAsync(Key(), 1, TimeSpan.FromSeconds(30)));
        Assert.Equal("1", (await replica.CommandAsync("GET", Key().ToString())).Text);
        Assert.Equal(1, await client.WaitAsync(Key(), 2, TimeSpan.FromMilliseconds(1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.WaitAsync(Key(), 1, TimeSpan.Zero));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.WaitAsync(Key(), -1, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Everything_is_counted_and_removed()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await RedisClient.ConnectAsync(server.Address);
        Assert.Equal(0, await client.DbSizeAsync());
        await client.MSetAsync([("a", "1"), ("b", "2")]);
        Assert.Equal(2, await client.DbSizeAsync());
        await client.FlushDbAsync();
        Assert.Equal(0, await client.DbSizeAsync());
        await client.SetAsync("a", "1");
        await client.FlushAllAsync();
        Assert.Equal(0, await client.DbSizeAsync());
    }
}
