using Millrace.Realtime.Channels;

namespace Millrace.Realtime.Publishing;

/// <summary>One connection's place in one channel, and the lane of its outbox where that channel's publications wait.</summary>
internal sealed class Subscription(ChannelConnection connection, string channel, ChannelLimits limits)
{
    public ChannelConnection Connection { get; } = connection;

    public string Channel { get; } = channel;

    public ChannelLimits Limits { get; } = limits;

    /// <summary>The position in the channel's list of subscribers; guarded by that list's lock. -1: not in it.</summary>
    public int Position { get; set; } = -1;

    /// <summary>What waits, oldest first, at most <see cref="ChannelLimits.OutboxPublications"/>. This and the rest: guarded by the outbox's lock.</summary>
    public Queue<Publication> Waiting { get; } = new();

    public int WaitingBytes { get; set; }

    /// <summary>Whether the outbox has this lane in its round.</summary>
    public bool IsInRound { get; set; }

    /// <summary>Set when the subscription has ended; nothing is accepted after it.</summary>
    public bool IsEnded { get; set; }
}
