namespace Millrace.Realtime;

/// <summary>What a client asks to do with a channel.</summary>
public enum ChannelOperation
{
    /// <summary>To receive what is published.</summary>
    Subscribe,

    /// <summary>To publish a message of its own.</summary>
    Publish,
}
