using System.Text;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Cluster;

public sealed class RedirectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_moved_key_is_found_and_remembered()
    {
        await using var cluster = new FakeCluster(2);
        cluster.Handler = (node, _, command) =>
            command is ["GET", "a"] && node == cluster.Nodes[0] ? FakeReply.Moved(15495, cluster.Nodes[1].Address)
            : command is ["GET", "a"] ? FakeReply.Bulk("here") : null;
        await using var client = await RedisClient.ConnectAsync(cluster.Options(), Token);
        cluster.Serves = third => [cluster.Nodes[third == 2 ? 1 : 0]];

        Assert.Equal("here", await ReadAsync(client, "a"));
        Assert.Equal("here", await ReadAsync(client, "a"));

        Assert.Single(FakeCluster.Received(cluster.Nodes[0]));
        Assert.Equal(2, FakeCluster.Received(cluster.Nodes[1]).Count());
        await cluster.Nodes[0].WaitUntilAsync(() => cluster.Asked >= 2, "the map was asked for anew");
    }

    [Fact]
    public async Task A_key_on_its_way_is_asked_for_with_ASKING_directly_before_it_each_time()
    {
        await using var cluster = new FakeCluster(2);
        cluster.Handler = (node, _, command) =>
            node == cluster.Nodes[0] && command is [not "GET", ..] ? null
            : node == cluster.Nodes[0] && command is ["GET", "a"] ? FakeReply.Ask(15495, cluster.Nodes[1].Address)
            : command is ["GET", var key] ? FakeReply.Bulk(key) : null;
        cluster.Serves = third => [cluster.Nodes[third == 2 ? 0 : 1]];
        await using var client = await RedisClient.ConnectAsync(cluster.Options("maximumInFlight=3"), Token);

        // b is in another third: its commands go to the same node as the asked ones, between them.
        var reads = Enumerable.Range(0, 200).Select(async i =>
        {
            var key = i % 2 == 0 ? "a" : "b";
            Assert.Equal(key, await ReadAsync(client, key));
        });
        await Task.WhenAll(reads);

        var received = FakeCluster.Received(cluster.Nodes[1]).ToList();
        Assert.Equal(100, received.Count(static command => command is ["ASKING"]));
        for (var i = 0; i < received.Count; i++)
        {
            Assert.Equal(received[i] is ["GET", "a"], i > 0 && received[i - 1] is ["ASKING"]);
        }

        Assert.Equal(100, FakeCluster.Received(cluster.Nodes[0]).Count(static command => command is ["GET", "a"])); // not remembered
    }

    [Theory]
    [InlineData("MOVED 15495 not a host:1")]
    [InlineData("MOVED 15495 ../../etc:1")]
    [InlineData("MOVED 15495 127.0.0.1:99999")]
    [InlineData("MOVED 15495 127.0.0.1")]
    [InlineData("MOVED 99999 127.0.0.1:1")]
    [InlineData("MOVED -1 127.0.0.1:1")]
    [InlineData("MOVED x")]
    [InlineData("MOVED ")]
    [InlineData("ASK 15495 \u0001:1")]
    public async Task An_answer_that_names_no_node_is_an_error_that_says_so(string answer)
    {
        await using var cluster = new FakeCluster(1);
        cluster.Handler = (_, _, command) => command is ["GET", ..] ? FakeReply.Error(answer) : null;
        await using var client = await RedisClient.ConnectAsync(cluster.Options(), Token);

        var error = await Assert.ThrowsAsync<RedisException>(async () => await client.GetAsync("a", Token));

        Assert.Contains("names no slot or no address", error.Message, StringComparison.Ordinal);
        Assert.Contains(cluster.Nodes[0].Address, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slot_that_two_nodes_push_to_each_other_ends_in_an_error_with_the_last_answer()
    {
        await using var cluster = new FakeCluster(2);
        cluster.Handler = (node, _, command) => command is ["GET", ..]
            ? FakeReply.Moved(15495, cluster.Nodes[node == cluster.Nodes[0] ? 1 : 0].Address) : null;
        await using var client = await RedisClient.ConnectAsync(cluster.Options("commandTimeout=60s"), Token);

        var error = await Assert.ThrowsAsync<RedisException>(async () => await client.GetAsync("a", Token));

        Assert.Contains("16 times", error.Message, StringComparison.Ordinal);
        Assert.Contains("MOVED 15495 127.0.0.1:", error.Message, StringComparison.Ordinal);
        Assert.InRange(cluster.Nodes.Sum(static node => FakeCluster.Received(node).Count()), 17, 17);
    }

    [Theory]
    [InlineData("TRYAGAIN Multiple keys request during rehashing of slot")]
    [InlineData("CLUSTERDOWN The cluster is down")]
    [InlineData("CLUSTERDOWN Hash slot not served")]
    [InlineData("LOADING Redis is loading the dataset in memory")]
    [InlineData("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")]
    [InlineData("READONLY You can't write against a read only replica.")]
    public async Task A_command_that_a_node_cannot_take_now_is_sent_again_until_it_can(string answer)
    {
        await using var cluster = new FakeCluster(1);
        var refusals = 0;
        cluster.Handler = (_, _, command) => command is ["SET", ..] && Interlocked.Increment(ref refusals) <= 4 ? FakeReply.Error(answer) : null;
        await using var client = await RedisClient.ConnectAsync(cluster.Options("commandTimeout=60s"), Token);

        Assert.True(await client.SetAsync("a", "1", cancellationToken: Token));

        Assert.Equal(5, refusals);
    }

    [Fact]
    public async Task A_command_that_no_node_takes_in_time_fails_with_the_last_answer_and_was_not_run()
    {
        await using var cluster = new FakeCluster(1);
        cluster.Handler = (_, _, command) => command is ["SET", ..] ? FakeReply.Error("CLUSTERDOWN Hash slot not served") : null;
        await using var client = await RedisClient.ConnectAsync(cluster.Options("commandTimeout=400ms"), Token);

        var error = await Assert.ThrowsAsync<RedisTimeoutException>(async () => await client.SetAsync("a", "1", cancellationToken: Token));

        Assert.Equal(RedisDelivery.NotSent, error.Delivery);
        Assert.Contains("CLUSTERDOWN Hash slot not served", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_of_a_scripts_own_is_not_taken_for_a_nodes()
    {
        await using var cluster = new FakeCluster(1);
        cluster.Handler = (_, _, command) => command is ["SET", ..] ? FakeReply.Error("TRYAGAIN I have written already") : null;
        await using var client = await RedisClient.ConnectAsync(cluster.Options(), Token);

        var error = await Assert.ThrowsAsync<RedisServerException>(async () => await client.SetAsync("a", "1", cancellationToken: Token));

        Assert.Equal("TRYAGAIN", error.Code);
        Assert.Single(FakeCluster.Received(cluster.Nodes[0]));
    }

    [Fact]
    public async Task Reads_go_to_replicas_that_were_told_READONLY_and_writes_to_the_primary()
    {
        await using var cluster = new FakeCluster(2);
        cluster.Nodes[1].Role = "replica";
        cluster.Serves = _ => [cluster.Nodes[0], cluster.Nodes[1]];
        await using var client = await RedisClient.ConnectAsync(cluster.Options("readFrom=replica"), Token);

        await client.SetAsync("a", "1", cancellationToken: Token);
        await client.GetAsync("a", Token);

        Assert.Equal(["SET"], FakeCluster.Received(cluster.Nodes[0]).Select(static command => command[0]));
        Assert.Equal(["GET"], FakeCluster.Received(cluster.Nodes[1]).Select(static command => command[0]));
        Assert.Contains(cluster.Nodes[1].Connections, static connection => connection.Commands.Any(static command => command is ["READONLY"]));
    }

    [Fact]
    public async Task A_read_from_replicas_alone_fails_where_there_is_none()
    {
        await using var cluster = new FakeCluster(1);
        await using var client = await RedisClient.ConnectAsync(cluster.Options("readFrom=replica"), Token);

        var error = await Assert.ThrowsAsync<RedisConnectionException>(async () => await client.GetAsync("a", Token));

        Assert.Contains("no replica", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_for_a_primary_that_is_gone_wait_unsent_for_the_one_that_follows_it()
    {
        await using var cluster = new FakeCluster(2);
        await using var client = await RedisClient.ConnectAsync(cluster.Options("commandTimeout=60s"), Token);
        await client.SetAsync("a", "1", cancellationToken: Token);
        await cluster.Nodes[0].StopListeningAsync();
        await cluster.Nodes[0].CloseAllConnectionsAsync();
        // Until the client has noticed, a command may still be written to the dead connection, and ends there: it may have run.
        await Poll.UntilAsync(
            () => Task.FromResult(client.GetStatistics().First(node => node.Server.Port == cluster.Nodes[0].Port).IsConnected ? "it counts as connected" : null), "the loss was noticed");

        var write = client.SetAsync("a", "2", cancellationToken: Token).AsTask();
        var asked = cluster.Asked;
        await cluster.Nodes[1].WaitUntilAsync(() => cluster.Asked >= asked + 2, "the map was asked for again and again");
        Assert.False(write.IsCompleted);
        Assert.Empty(FakeCluster.Received(cluster.Nodes[1]));

        cluster.Serves = _ => [cluster.Nodes[1]];
        Assert.True(await write);
        Assert.Equal(["SET", "a", "2"], Assert.Single(FakeCluster.Received(cluster.Nodes[1])));
        Assert.Single(FakeCluster.Received(cluster.Nodes[0]));
        Assert.Single(client.Topology.Nodes); // the one that left was let go
    }

    [Fact]
    public async Task A_server_that_is_no_node_of_a_cluster_is_refused_with_the_remedy()
    {
        await using var server = FakeRedis.Start();

        var error = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync($"{server.Address},topology=cluster", Token));

        Assert.Contains("no node of a cluster", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string?> ReadAsync(RedisClient client, string key) =>
        await client.GetAsync(key, Token) is { } value ? Encoding.UTF8.GetString(value) : null;
}
