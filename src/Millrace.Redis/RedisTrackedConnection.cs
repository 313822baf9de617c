namespace Millrace.Redis;

/// <summary>A connection on which a server is asked to tell what has changed, from its opening to its loss. Compared by reference. Immutable.</summary>
public sealed class RedisTrackedConnection
{
    internal RedisTrackedConnection(string server, long number, bool isTracked)
    {
        Server = server;
        Number = number;
        IsTracked = isTracked;
    }

    /// <summary>The server, <c>host:port</c>.</summary>
    public string Server { get; }

    /// <summary>Its number among all such connections that the client has opened, from 1.</summary>
    public long Number { get; }

    /// <summary>
    /// Whether the server tells on it what has changed; false: the server has no tracking, and <see cref="RedisTrackingOptions.Optional"/> allows that.
    /// </summary>
    public bool IsTracked { get; }

    /// <summary>The server and the number.</summary>
    public override string ToString() => $"{Server} #{Number}";
}
