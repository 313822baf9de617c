namespace Millrace.Realtime;

/// <summary>What happens to a subscriber that reads a channel more slowly than others publish to it, once its outbox is full.</summary>
public enum OverflowPolicy
{
    /// <summary>The channel's oldest waiting publications are dropped; the newest stay, in order. For feeds that a reload completes.</summary>
    DropOldest,

    /// <summary>Everything of the channel that waits is replaced by the newest publication. For channels whose every message is the whole state.</summary>
    CollapseToLatest,

    /// <summary>The connection is closed with a reason. For channels where a gap is worse than a reconnect.</summary>
    Disconnect,
}
