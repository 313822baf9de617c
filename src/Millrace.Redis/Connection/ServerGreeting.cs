namespace Millrace.Redis.Connection;

/// <summary>What a server says of itself when a connection opens.</summary>
/// <param name="Version">Its version; empty: not told.</param>
/// <param name="Protocol">2 or 3: what is spoken on this connection.</param>
/// <param name="IsCluster">Whether it is a node of a cluster.</param>
/// <param name="IsSentinel">Whether it is a Sentinel.</param>
/// <param name="IsReplica">Whether it is a replica.</param>
/// <param name="ClientId">The server's number for this connection; 0: not told.</param>
internal sealed record ServerGreeting(string Version, int Protocol, bool IsCluster, bool IsSentinel, bool IsReplica, long ClientId)
{
    /// <summary>Whether it tells on this connection of changed keys.</summary>
    public bool IsTracked { get; init; }
}
