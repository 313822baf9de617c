namespace Millrace.Redis.Push;

/// <summary>How a channel is subscribed to.</summary>
internal enum ChannelKind
{
    /// <summary>By its name, on any server: SUBSCRIBE.</summary>
    Name,

    /// <summary>By a pattern of names, on any server: PSUBSCRIBE.</summary>
    Pattern,

    /// <summary>By its name, on the server of its slot: SSUBSCRIBE.</summary>
    Shard,
}
