namespace Millrace.Realtime;

/// <summary>One channel, as it is now in this process.</summary>
/// <param name="Channel">Its name.</param>
/// <param name="Subscribers">How many connections and in-process subscriptions receive it; at least 1.</param>
public readonly record struct ChannelStatistics(string Channel, int Subscribers);
