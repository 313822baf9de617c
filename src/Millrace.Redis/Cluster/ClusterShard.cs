using Millrace.Redis.Connection;

namespace Millrace.Redis.Cluster;

/// <summary>A primary of a cluster with its replicas.</summary>
internal sealed class ClusterShard(RedisEndpoint primary, IReadOnlyList<RedisEndpoint> replicas)
{
    private volatile ServerNode? _node;

    public RedisEndpoint Primary { get; } = primary;

    public IReadOnlyList<RedisEndpoint> Replicas { get; } = replicas;

    /// <summary>The connections to the primary, kept here by the topology so that a command finds them without a search; null: not asked for yet.</summary>
    public ServerNode? Node
    {
        get => _node;
        set => _node = value;
    }
}
