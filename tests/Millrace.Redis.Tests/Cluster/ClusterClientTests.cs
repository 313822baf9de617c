using System.Globalization;
using System.Text;
using Millrace.Redis.Cluster;
using Millrace.Redis.Protocol;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Cluster;

public sealed class ClusterClientTests(SharedCluster shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData(",protocol=resp2")]
    [InlineData(",topology=cluster")]
    [InlineData(",connectionsPerServer=3")]
    [InlineData(",readFrom=preferReplica")]
    public async Task Keys_of_all_slots_are_written_and_read_from_any_node_on(string options)
    {
        var cluster = await shared.GetAsync();
        await using var client = await RedisClient.ConnectAsync(cluster.Nodes[4].Address + options, Token); // a replica
        var name = Guid.NewGuid().ToString("N");

        await Task.WhenAll(Enumerable.Range(0, 500).Select(async i => await client.SetAsync($"{name}:{i}", i, Token)));

        var ports = new HashSet<int>();
        for (var i = 0; i < 500; i++)
        {
            var key = $"{name}:{i}";
            ports.Add(client.Topology.NodeOf(HashSlot.Of(Encoding.UTF8.GetBytes(key))).Endpoint.Port);
            if (!options.Contains("Replica", StringComparison.Ordinal)) // which may be behind
            {
                Assert.Equal(i.ToString(CultureInfo.InvariantCulture), Encoding.UTF8.GetString((await client.GetAsync(key, Token))!));
            }
        }

        Assert.Equal(3, ports.Count);
        var topology = Assert.IsType<ClusterTopology>(client.Topology);
        Assert.Equal(0, topology.RedirectionCount);
        Assert.True(client.IsConnected);
        Assert.Equal(3, topology.Primaries.Count);
    }

    [Fact]
    public async Task The_map_is_that_of_the_cluster()
    {
        var cluster = await shared.GetAsync();
        await using var client = await RedisClient.ConnectAsync(cluster.Nodes[0].Address, Token);
        var map = ((ClusterTopology)client.Topology).Map;

        foreach (var slot in new[] { 0, 5460, 5461, 5462, 10921, 10922, 10923, 16383 })
        {
            var primary = await cluster.PrimaryOfAsync(slot);
            Assert.Equal(primary.Port, map[slot]!.Primary.Port);
            var replica = Assert.Single(await cluster.ReplicasOfAsync(primary));
            Assert.Equal(replica.Port, Assert.Single(map[slot]!.Replicas).Port);
        }

        var ranges = client.GetSlotRanges();
        Assert.Equal(3, ranges.Count);
        Assert.Equal(Enumerable.Range(0, 16384), ranges.SelectMany(static range => Enumerable.Range(range.First, range.Last - range.First + 1)));
        Assert.All(ranges, range => Assert.Equal((range.Server, range.Server), (map[range.First]!.Primary.ToString(), map[range.Last]!.Primary.ToString())));
    }

    [Fact]
    public void Slots_that_nobody_serves_and_those_that_one_server_has_apart_are_in_no_common_range()
    {
        var map = new SlotMap.Builder();
        var (a, b) = (map.Add(new RedisEndpoint("a", 1), []), map.Add(new RedisEndpoint("b", 2), []));
        map.Serve(a, 0, 9);
        map.Serve(b, 10, 10);
        map.Serve(a, 11, 20);
        map.Serve(b, 16383, 16383);

        Assert.Equal(
            [new RedisSlotRange("a:1", 0, 9), new RedisSlotRange("b:2", 10, 10), new RedisSlotRange("a:1", 11, 20), new RedisSlotRange("b:2", 16383, 16383)],
            map.Build().Ranges);
        Assert.Empty(SlotMap.Empty.Ranges);
    }

    [Fact]
    public async Task A_batch_goes_to_all_its_nodes_and_what_has_no_key_follows_what_stands_before_it()
    {
        var cluster = await shared.GetAsync();
        await using var client = await RedisClient.ConnectAsync(cluster.Nodes[0].Address, Token);
        foreach (var (key, node) in new[] { ("b", 0), ("c", 1), ("a", 2) })
        {
            var batch = client.CreateBatch();
            var other = batch.SetAsync("{other}" + node, "x", Token);
            var written = batch.SetAsync(key, "1", Token);
            var info = batch.InfoAsync("server", Token);
            var read = batch.GetAsync(key, Token);
            await batch.ExecuteAsync();

            Assert.True(await other);
            Assert.True(await written);
            Assert.Equal("1", Encoding.UTF8.GetString((await read)!));
            Assert.Equal(cluster.Nodes[node].Port.ToString(CultureInfo.InvariantCulture), (await info)["tcp_port"]);
        }
    }

    [Fact]
    public async Task Keys_of_different_slots_in_one_command_are_refused_before_it_is_sent()
    {
        var cluster = await shared.GetAsync();
        await using var client = await RedisClient.ConnectAsync(cluster.Nodes[0].Address, Token);

        var error = await Assert.ThrowsAsync<RedisException>(async () => await client.ExecuteAsync("RENAME", Token, new RedisKey("a"), new RedisKey("b")));

        Assert.Contains("hash tag", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_database_than_0_is_refused_with_the_remedy()
    {
        var cluster = await shared.GetAsync();

        var error = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync($"{cluster.Nodes[0].Address},defaultDatabase=1", Token));

        Assert.Contains("set Database to 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_is_known_to_be_at_its_replica_and_not_at_two()
    {
        var cluster = await shared.GetAsync();
        await using var client = await RedisClient.ConnectAsync(cluster.Nodes[0].Address, Token);

        foreach (var key in new[] { "a", "b", "c" })
        {
            Assert.Equal(1, await client.SetAndWaitAsync(key, "1", 1, TimeSpan.FromSeconds(10), Token));
            Assert.Equal(1, await client.SetAndWaitAsync(key, "1", 2, TimeSpan.FromMilliseconds(50), Token));
        }
    }
}
