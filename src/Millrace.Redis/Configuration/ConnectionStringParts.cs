namespace Millrace.Redis.Configuration;

/// <summary>What a connection string consists of, whatever its form.</summary>
internal sealed class ConnectionStringParts
{
    /// <summary>Whether the scheme asks for TLS.</summary>
    public bool Tls { get; set; }

    /// <summary>The topology that the scheme names, or null.</summary>
    public RedisTopology? Topology { get; set; }

    public List<string> Hosts { get; } = [];

    /// <summary>Keys and values in their order; a user, a password, a database and a service from their places in a URI too.</summary>
    public List<ConnectionEntry> Entries { get; } = [];
}
