using System.Globalization;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Push;

/// <summary>Subscriptions and tracking where there are several servers, slots move and primaries die.</summary>
[Collection(HeavyCollection.Name)]
public sealed class PushClusterTests
{
    private const int Limit = 240_000;

    [Theory(Timeout = Limit)]
    [InlineData(3)]
    [InlineData(2)]
    public async Task A_sharded_channel_follows_its_slot_and_marks_what_it_may_have_missed(int protocol)
    {
        const string Channel = "orders";
        await using var cluster = await RedisCluster.StartAsync();
        await using var client = await ConnectAsync(cluster, options => options.Protocol = protocol == 2 ? RedisProtocol.Resp2 : RedisProtocol.Resp3);
        var slot = await cluster.SlotOfAsync(Channel);
        await using var subscription = await client.ShardSubscribeAsync(Channel);
        await using var everywhere = await client.ShardSubscribeAsync(["a", "b", "c", "d", "e", "f", Channel]); // in slots of all primaries

        foreach (var primary in await cluster.PrimariesAsync())
        {
            await cluster.MoveSlotAsync(slot, primary); // for one of them it stays
            await SubscribedAsync(primary, Channel);
            await primary.CommandAsync("SPUBLISH", Channel, primary.Address);
            await ReadUntilAsync(subscription, primary.Address);
        }

        Assert.Equal(2, _marks); // it was moved twice
    }

    [Fact(Timeout = Limit)]
    public async Task A_sharded_channel_follows_when_its_primary_dies()
    {
        const string Channel = "orders";
        await using var cluster = await RedisCluster.StartAsync();
        await using var client = await ConnectAsync(cluster);
        var slot = await cluster.SlotOfAsync(Channel);
        await using var sharded = await client.ShardSubscribeAsync(Channel);
        await using var plain = await client.SubscribeAsync(Channel);

        await cluster.KillAsync(await cluster.PrimaryOfAsync(slot));
        await cluster.WaitUntilHealthyAsync();
        var promoted = await cluster.PrimaryOfAsync(slot);
        await SubscribedAsync(promoted, Channel);
        await promoted.CommandAsync("SPUBLISH", Channel, "sharded");

        await ReadUntilAsync(sharded, "sharded");
        Assert.Equal(1, _marks);
        await Poll.UntilAsync(
            async () =>
            {
                await promoted.CommandAsync("PUBLISH", Channel, "plain"); // goes to whichever node the client is subscribed at
                return plain.TryRead(out var message) && message.Kind == RedisMessageKind.Channel ? null : "nothing received";
            },
            "the plain channel is received");
    }

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keys_of_every_node_are_tracked(bool optIn)
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var client = await ConnectAsync(cluster, options => options.Tracking = new RedisTrackingOptions { OptIn = optIn });
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);

        foreach (var key in Enumerable.Range(0, 30).Select(static i => $"key{i}"))
        {
            await client.Tracked.GetAsync(key);
            var primary = await cluster.PrimaryOfAsync(await cluster.SlotOfAsync(key));
            await primary.CommandAsync("SET", key, "1");
            await handler.WaitForAsync(key);
        }

        Assert.DoesNotContain(handler.Lines, static line => line.StartsWith("lost", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_read_at_a_node_that_takes_over_a_slot_is_told_as_invalidated()
    {
        const string Key = "moving";
        await using var cluster = await RedisCluster.StartAsync();
        await using var client = await ConnectAsync(cluster, static options => options.Tracking = new RedisTrackingOptions { OptIn = true });
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);
        var slot = await cluster.SlotOfAsync(Key);
        var from = await cluster.PrimaryOfAsync(slot);
        var to = (await cluster.PrimariesAsync()).First(node => node != from);
        var number = slot.ToString(CultureInfo.InvariantCulture);
        await to.CommandAsync("CLUSTER", "SETSLOT", number, "IMPORTING", from.Id);
        await from.CommandAsync("CLUSTER", "SETSLOT", number, "MIGRATING", to.Id);
        await using (var control = await to.Server.ConnectAsync())
        {
            await control.SendAsync("ASKING");
            await control.SendAsync("SET", Key, "there already");
        }

        var value = await client.Tracked.GetAsync(Key);

        Assert.Equal("there already"u8.ToArray(), value);
        Assert.Equal(1, handler.Count(Key)); // told before the reply: nobody keeps it
    }

    private int _marks;

    /// <summary>Reads up to a message, and counts the marks on the way.</summary>
    private async Task ReadUntilAsync(RedisSubscription subscription, string text)
    {
        while (await SubscriptionTests.ReadAsync(subscription) is var message && message.Text != text)
        {
            Assert.Equal(RedisMessageKind.Missed, message.Kind);
            _marks++;
        }
    }

    private static Task SubscribedAsync(ClusterNode node, string channel) => Poll.UntilAsync(
        async () => (await node.CommandAsync("PUBSUB", "SHARDNUMSUB", channel))[1].Number == 1 ? null : "not yet", $"{channel} is subscribed at {node.Address}");

    private static ValueTask<RedisClient> ConnectAsync(RedisCluster cluster, Action<RedisOptions>? change = null)
    {
        var options = RedisOptions.Parse(string.Join(',', cluster.Nodes.Select(static node => node.Address)));
        options.Topology = RedisTopology.Cluster;
        options.CommandTimeout = TimeSpan.FromSeconds(60);
        change?.Invoke(options);
        return RedisClient.ConnectAsync(options);
    }
}
