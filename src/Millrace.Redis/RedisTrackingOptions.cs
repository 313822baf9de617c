namespace Millrace.Redis;

/// <summary>
/// What the servers tell about changed keys (<c>CLIENT TRACKING</c>), on the multiplexed connections. By default a server remembers every key
/// that a connection reads and tells once when it changes. Needs RESP3.
/// </summary>
public sealed class RedisTrackingOptions
{
    /// <summary>
    /// Whether a server tells every change of the keys that begin with <see cref="Prefixes"/>, read or not: it remembers nothing per key and
    /// sends more. Default false: it remembers what was read.
    /// </summary>
    public bool Broadcast { get; set; }

    /// <summary>
    /// The beginnings of the keys to be told of, with <see cref="Broadcast"/> only. At most 64, none the beginning of another, which the server
    /// would refuse. Empty, the default: all keys.
    /// </summary>
    public IList<string> Prefixes { get; } = [];

    /// <summary>
    /// Whether only reads that ask for it are remembered (<c>CLIENT CACHING YES</c> before them), without <see cref="Broadcast"/> only.
    /// Default false: every read is.
    /// </summary>
    public bool OptIn { get; set; }

    /// <summary>Whether a connection is spared the changes that it made itself. Default true.</summary>
    public bool NoLoop { get; set; } = true;

    /// <summary>
    /// Whether a server that has no tracking is used without it; <see cref="RedisTrackedConnection.IsTracked"/> tells which connections it concerns.
    /// One that has it and refuses it, such as for the user's rights, is not used in any case. Default false: without tracking there is no connection.
    /// </summary>
    public bool Optional { get; set; }

    internal RedisTrackingOptions Clone()
    {
        var clone = new RedisTrackingOptions { Broadcast = Broadcast, OptIn = OptIn, NoLoop = NoLoop, Optional = Optional };
        foreach (var prefix in Prefixes)
        {
            clone.Prefixes.Add(prefix);
        }

        return clone;
    }
}
