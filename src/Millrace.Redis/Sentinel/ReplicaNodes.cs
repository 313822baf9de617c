using Millrace.Redis.Connection;

namespace Millrace.Redis.Sentinel;

/// <summary>
/// The replicas that reads may go to, in turn. One that loses a connection is given up at once, so that no command waits for it; the next
/// answer of a Sentinel that can reach it brings it back.
/// </summary>
/// <param name="context">The client's, with the topology as the observer.</param>
/// <param name="giveUp">Ends a node whose commands have to go elsewhere.</param>
internal sealed class ReplicaNodes(ClientContext context, Action<ServerNode> giveUp)
{
    private readonly Lock _lock = new(); // guards the writing of _nodes
    private volatile ServerNode[] _nodes = [];
    private uint _next;

    /// <summary>All of them, connected or not.</summary>
    public IReadOnlyList<ServerNode> All => _nodes;

    /// <summary>The next one that is connected; null: none is.</summary>
    public ServerNode? Next()
    {
        var nodes = _nodes;
        for (var left = nodes.Length; left > 0; left--)
        {
            var node = nodes[Interlocked.Increment(ref _next) % (uint)nodes.Length];
            if (node.IsConnected)
            {
                return node;
            }
        }

        return null;
    }

    /// <summary>Makes them those that a Sentinel named.</summary>
    public void Update(IEnumerable<RedisEndpoint> replicas)
    {
        ServerNode[] added, gone;
        lock (_lock)
        {
            var named = replicas.ToHashSet();
            gone = [.. _nodes.Where(node => !named.Contains(node.Endpoint))];
            added = [.. named.Where(endpoint => !_nodes.Any(node => node.Endpoint == endpoint)).Select(endpoint => new ServerNode(endpoint, context))];
            _nodes = [.. _nodes.Except(gone), .. added];
        }

        Array.ForEach(added, static node => node.Start());
        Array.ForEach(gone, giveUp);
    }

    /// <summary>A connection was lost, or could not be made.</summary>
    /// <returns>Whether it was one of theirs.</returns>
    public bool TryGiveUp(ServerLink link)
    {
        ServerNode? lost;
        lock (_lock)
        {
            lost = Array.Find(_nodes, node => node.Links.Contains(link));
            _nodes = lost is null ? _nodes : [.. _nodes.Where(node => node != lost)];
        }

        if (lost is null)
        {
            return false;
        }

        giveUp(lost);
        return true;
    }

    /// <summary>Waits until the first attempt to connect each has ended, well or not.</summary>
    public async Task SettledAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_nodes.Select(node => node.ConnectedAsync(cancellationToken))).ConfigureAwait(false);
        }
        catch (RedisException)
        {
            // Those that failed have been given up.
        }
    }
}
