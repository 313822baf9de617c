namespace Millrace.Realtime;

/// <summary>Real-time channels of this process at one moment; counters run since the start.</summary>
public sealed record RealtimeStatistics
{
    /// <summary>Open client connections.</summary>
    public required int Connections { get; init; }

    /// <summary>Channels joined, summed over connections and in-process subscriptions.</summary>
    public required int Subscriptions { get; init; }

    /// <summary>Channels with at least one subscriber.</summary>
    public required int Channels { get; init; }

    /// <summary>Messages published by this process.</summary>
    public required long Publications { get; init; }

    /// <summary>Publications written, summed over subscribers.</summary>
    public required long Deliveries { get; init; }

    /// <summary>Publications dropped or collapsed because a subscriber's outbox was full.</summary>
    public required long Drops { get; init; }

    /// <summary>Connections closed by the server: overflow, too many messages, expired sign-in, failed writes.</summary>
    public required long Disconnects { get; init; }

    /// <summary>Subscribe and publish calls of clients that were refused.</summary>
    public required long Refusals { get; init; }

    /// <summary>The channels with the most subscribers, most first.</summary>
    public required IReadOnlyList<ChannelStatistics> TopChannels { get; init; }
}
