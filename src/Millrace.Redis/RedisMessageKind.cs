namespace Millrace.Redis;

/// <summary>What a <see cref="RedisMessage"/> is.</summary>
public enum RedisMessageKind
{
    /// <summary>Published to a channel that was subscribed to by its name.</summary>
    Channel,

    /// <summary>Published to a channel whose name fits a pattern that was subscribed to.</summary>
    Pattern,

    /// <summary>Published to a sharded channel.</summary>
    Shard,

    /// <summary>
    /// A mark, not a message: at this place messages may be missing, because the connection was lost or the subscription's buffer was full.
    /// What was published after the mark was put comes after it, so who looks elsewhere for what is missing does so now.
    /// </summary>
    Missed,
}
