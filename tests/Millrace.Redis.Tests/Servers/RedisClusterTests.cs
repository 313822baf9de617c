using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Servers;

[Collection(HeavyCollection.Name)]
public sealed class RedisClusterTests(SharedCluster shared)
{
    private const int Limit = 120_000;

    [Fact(Timeout = Limit)]
    public async Task The_shared_cluster_has_three_primaries_with_a_replica_each()
    {
        var cluster = await shared.GetAsync();

        var primaries = await cluster.PrimariesAsync();

        Assert.Equal(cluster.Nodes.Take(3), primaries);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal([cluster.Nodes[i + 3]], await cluster.ReplicasOfAsync(primaries[i]));
        }

        Assert.Equal(primaries[0], await cluster.PrimaryOfAsync(0));
        Assert.Equal(primaries[2], await cluster.PrimaryOfAsync(16_383));
    }

    [Fact(Timeout = Limit)]
    public async Task A_slot_moves_with_its_keys()
    {
        await using var cluster = await RedisCluster.StartAsync();
        var slot = await cluster.SlotOfAsync("{moves}");
        var from = await cluster.PrimaryOfAsync(slot);
        var to = (await cluster.PrimariesAsync()).First(node => node != from);
        await using var control = await from.Server.ConnectAsync();
        for (var i = 0; i < 250; i++)
        {
            await control.SendAsync("SET", $"{{moves}}{i}", $"{i}");
        }

        await cluster.MoveSlotAsync(slot, to);
        await cluster.WaitUntilHealthyAsync();

        Assert.Equal(to, await cluster.PrimaryOfAsync(slot));
        Assert.Equal(250, (await to.CommandAsync("CLUSTER", "COUNTKEYSINSLOT", $"{slot}")).Number);
        Assert.Equal("249", (await to.CommandAsync("GET", "{moves}249")).Text);
        var moved = await Assert.ThrowsAsync<RedisControlException>(() => control.SendAsync("GET", "{moves}0"));
        Assert.Equal($"MOVED {slot} {to.Address}", moved.Message);
    }

    [Fact(Timeout = Limit)]
    public async Task A_killed_primary_s_replica_takes_over_and_the_primary_comes_back_as_its_replica()
    {
        await using var cluster = await RedisCluster.StartAsync();
        var slot = await cluster.SlotOfAsync("key");
        var primary = await cluster.PrimaryOfAsync(slot);
        var replica = Assert.Single(await cluster.ReplicasOfAsync(primary));
        await using (var control = await primary.Server.ConnectAsync())
        {
            await control.SendAsync("SET", "key", "value");
            Assert.Equal(1, (await control.SendAsync("WAIT", "1", "5000")).Number);
        }

        await cluster.KillAsync(primary);
        await cluster.WaitUntilHealthyAsync();
        Assert.Equal(replica, await cluster.PrimaryOfAsync(slot));
        Assert.Equal("value", (await replica.CommandAsync("GET", "key")).Text);

        await cluster.RestartAsync(primary);
        Assert.Equal([primary], await cluster.ReplicasOfAsync(replica));
    }
}
