namespace Millrace.Redis.Push;

/// <summary>What the server of a channel knows of it.</summary>
internal enum ChannelPhase
{
    /// <summary>Nothing, or there is no server or no connection.</summary>
    Unknown,

    /// <summary>The command was sent and not confirmed.</summary>
    Subscribing,

    /// <summary>The server confirmed: it sends what is published.</summary>
    Subscribed,

    /// <summary>The opposite was sent and not confirmed.</summary>
    Unsubscribing,
}
