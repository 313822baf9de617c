using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Routing;

/// <summary>One server.</summary>
internal sealed class SingleTopology(RedisEndpoint endpoint, ClientContext context) : Topology
{
    private readonly ServerNode _node = new(endpoint, context);

    public override bool IsConnected => _node.IsConnected;

    public override SlotUse SlotUse => _node.SlotUse;

    public override IReadOnlyList<ServerNode> Nodes => [_node];

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _node.Start();
        return _node.ConnectedAsync(cancellationToken);
    }

    public override void Send(RedisOperation operation) => _node.Send(operation);

    public override void Send(ReadOnlySpan<RedisOperation> operations) => _node.Send(operations);

    public override ServerNode NodeOf(int slot) => _node;

    public override ValueTask DisposeAsync() => _node.DisposeAsync();
}
