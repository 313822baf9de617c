using Millrace.Redis.Protocol;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Cluster;

/// <summary>Nodes of a cluster that say what a test has them say. Each knows CLUSTER SLOTS and not CLUSTER SHARDS, as before Redis 7.</summary>
internal sealed class FakeCluster : IAsyncDisposable
{
    private readonly List<FakeRedis> _nodes = [];

    /// <summary>Starts nodes; the first one serves all slots.</summary>
    public FakeCluster(int nodes)
    {
        for (var i = 0; i < nodes; i++)
        {
            var node = FakeRedis.Start();
            node.Mode = "cluster";
            _nodes.Add(node);
            node.Handler = (connection, command) => Reply(node, connection, command);
        }

        Serves = _ => [_nodes[0]];
    }

    public IReadOnlyList<FakeRedis> Nodes => _nodes;

    /// <summary>The nodes of the thirds of the slots, as a node says when asked; primary first, then replicas.</summary>
    public Func<int, FakeRedis[]> Serves { get; set; }

    /// <summary>What a node replies to other commands; null leaves it to the default.</summary>
    public Func<FakeRedis, FakeConnection, string[], FakeReply?>? Handler { get; set; }

    /// <summary>How often the map was asked for.</summary>
    public int Asked => _nodes.Sum(static node => node.Connections.Sum(static connection => connection.Commands.Count(static command => command is ["CLUSTER", "SLOTS"])));

    public RedisOptions Options(params ReadOnlySpan<string> more) => RedisOptions.Parse(string.Join(',', [.. _nodes.Select(static node => node.Address), "topology=cluster", .. more]));

    /// <summary>The commands with a key or a prefix that a node received, in order over its connections.</summary>
    public static IEnumerable<string[]> Received(FakeRedis node) => node.Connections.SelectMany(static connection => connection.Commands)
        .Where(static command => command[0] is not ("HELLO" or "CLIENT" or "CLUSTER" or "PING" or "READONLY"));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private FakeReply? Reply(FakeRedis node, FakeConnection connection, string[] command) => command switch
    {
        ["CLUSTER", "SLOTS"] => FakeReply.Array([.. Enumerable.Range(0, 3).Select(Third)]),
        ["ASKING"] or ["READONLY"] => FakeReply.Ok,
        _ => Handler?.Invoke(node, connection, command),
    };

    private FakeReply Third(int third) => FakeReply.Array(
    [
        FakeReply.Number(HashSlot.Count * third / 3),
        FakeReply.Number((HashSlot.Count * (third + 1) / 3) - 1),
        .. Serves(third).Select(static node => FakeReply.Array(FakeReply.Bulk("127.0.0.1"), FakeReply.Number(node.Port), FakeReply.Bulk($"id{node.Port}"))),
    ]);
}
