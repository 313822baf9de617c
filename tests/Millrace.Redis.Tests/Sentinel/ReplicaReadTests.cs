using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sentinel;

[Collection(HeavyCollection.Name)]
public sealed class ReplicaReadTests(SharedSentinel shared)
{
    private const int Limit = 180_000;

    [Theory(Timeout = Limit)]
    [InlineData(RedisReadFrom.PreferReplica)]
    [InlineData(RedisReadFrom.Replica)]
    public async Task Reads_go_to_the_replicas_in_turn_and_writes_to_the_primary(RedisReadFrom from)
    {
        var group = await shared.GetAsync();
        var primary = await group.CurrentPrimaryAsync();
        var options = ConnectTests.Options(group);
        options.ReadFrom = from;
        await using var client = await RedisClient.ConnectAsync(options);
        var before = await ReadsAsync(group);
        Assert.True(await client.SetAsync($"sentinel:{from}", "value"));
        await group.WaitUntilHealthyAsync();
        await Poll.UntilAsync(
            async () => (await Task.WhenAll(group.Servers.Select(server => server.CommandAsync("EXISTS", $"sentinel:{from}")))).All(static reply => reply.Number == 1) ? null : "a copy is missing",
            "all servers have the value");

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("value", await client.GetStringAsync($"sentinel:{from}"));
        }

        var after = await ReadsAsync(group);
        foreach (var server in group.Servers)
        {
            Assert.Equal(server == primary ? 0 : 10, after[server] - before[server]);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Without_a_replica_reads_go_to_the_primary_or_fail_as_the_option_says()
    {
        await using var group = await SentinelGroup.StartAsync();
        var primary = await group.CurrentPrimaryAsync();
        var preferring = ConnectTests.Options(group);
        preferring.ReadFrom = RedisReadFrom.PreferReplica;
        var insisting = ConnectTests.Options(group);
        insisting.ReadFrom = RedisReadFrom.Replica;
        await using var prefers = await RedisClient.ConnectAsync(preferring);
        await using var insists = await RedisClient.ConnectAsync(insisting);
        await prefers.SetAsync("key", "value");

        foreach (var replica in group.Servers.Where(server => server != primary))
        {
            await replica.KillAsync();
        }

        RedisException? failure = null;
        await Poll.UntilAsync(
            async () =>
            {
                failure = await Record.ExceptionAsync(async () => await insists.GetStringAsync("key")) as RedisException;
                return failure is { Message: var message } && message.Contains("ReadFrom is Replica", StringComparison.Ordinal) ? null : $"{failure}";
            },
            "reads fail for want of a replica");
        Assert.Equal(RedisDelivery.NotSent, Assert.IsType<RedisConnectionException>(failure).Delivery);
        Assert.Contains("set ReadFrom to PreferReplica", failure.Message, StringComparison.Ordinal);
        await Poll.UntilAsync(
            async () => (await Record.ExceptionAsync(async () => Assert.Equal("value", await prefers.GetStringAsync("key"))))?.Message,
            "reads go to the primary");
        Assert.True(await insists.SetAsync("key", "other"));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_read_that_a_replica_refuses_goes_to_the_primary()
    {
        await using var primary = FakeRedis.Start();
        primary.Values["0 key"] = "value";
        await using var replica = FakeRedis.Start(static (_, command) => FakeConnection.Is(command, "GET") ? FakeReply.Error("MASTERDOWN Link with MASTER is down") : null);
        replica.Role = "replica";
        await using var sentinel = new FakeSentinel(primary);
        sentinel.Replicas.Add((replica.Port, "slave"));
        var options = sentinel.Options();
        options.ReadFrom = RedisReadFrom.PreferReplica;
        await using var client = await RedisClient.ConnectAsync(options);

        Assert.Equal("value", await client.GetStringAsync("key"));

        await replica.WaitForCommandAsync("GET");
    }

    [Fact(Timeout = 120_000)]
    public async Task Replicas_that_a_Sentinel_cannot_reach_are_left_alone()
    {
        await using var primary = FakeRedis.Start();
        primary.Values["0 key"] = "value";
        await using var down = FakeRedis.Start();
        await using var objectively = FakeRedis.Start();
        await using var cut = FakeRedis.Start();
        await using var sentinel = new FakeSentinel(primary);
        sentinel.Replicas.AddRange([(down.Port, "slave,s_down"), (objectively.Port, "slave,o_down"), (cut.Port, "slave,disconnected")]);
        var options = sentinel.Options();
        options.ReadFrom = RedisReadFrom.PreferReplica;
        await using var client = await RedisClient.ConnectAsync(options);

        Assert.Equal("value", await client.GetStringAsync("key"));

        Assert.All(new[] { down, objectively, cut }, static replica => Assert.Empty(replica.Connections));
    }

    private static async Task<Dictionary<RedisServer, long>> ReadsAsync(SentinelGroup group)
    {
        var reads = new Dictionary<RedisServer, long>();
        foreach (var server in group.Servers)
        {
            var calls = (await server.InfoAsync("commandstats")).GetValueOrDefault("cmdstat_get", "calls=0,");
            reads[server] = long.Parse(calls["calls=".Length..calls.IndexOf(',', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
        }

        return reads;
    }
}
