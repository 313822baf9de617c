using System.Text.Json;
using Millrace.Realtime.Channels;
using Millrace.Realtime.Publishing;

namespace Millrace.Realtime;

/// <summary>Limits and conventions of real-time channels. Checked when the host starts.</summary>
public sealed class RealtimeOptions
{
    /// <summary>The largest message in bytes of JSON; 1 to 16 MiB, default 64 KiB. A channel may set its own.</summary>
    public int MaximumMessageBytes { get; set; } = 64 * 1024;

    /// <summary>What happens when a subscriber's outbox is full; default <see cref="OverflowPolicy.DropOldest"/>. A channel may set its own.</summary>
    public OverflowPolicy Overflow { get; set; } = OverflowPolicy.DropOldest;

    /// <summary>How many publications of one channel may wait for one subscriber; 1 to 100,000, default 256. A channel may set its own.</summary>
    public int OutboxPublications { get; set; } = 256;

    /// <summary>How many bytes of one channel may wait for one subscriber; at least the message limit, default 1 MiB. A channel may set its own.</summary>
    public int OutboxBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// How many bytes of all its channels together may wait for one connection; at least <see cref="OutboxBytes"/>, default
    /// 4 MiB. A connection that would need more is closed, whatever its channels' policies.
    /// </summary>
    public int ConnectionOutboxBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>How many channels one connection may join; 1 to 10,000, default 128.</summary>
    public int MaximumChannelsPerConnection { get; set; } = 128;

    /// <summary>How many messages a client may send per second in the long run; above 0, default 20. One that sends more is closed.</summary>
    public double ClientMessagesPerSecond { get; set; } = 20;

    /// <summary>How many messages a client may send at once after a pause; at least 1, default 256.</summary>
    public int ClientMessageBurst { get; set; } = 256;

    /// <summary>How messages become JSON; default as on the web (camel case). Give it a source-generated resolver where reflection is off.</summary>
    public JsonSerializerOptions SerializerOptions { get; set; } = new(JsonSerializerDefaults.Web);

    internal List<ChannelRule> Rules { get; } = [];

    internal Dictionary<Type, string> Names { get; } = [];

    /// <summary>Sets the name that messages of a type carry as <c>type</c>; otherwise it is the type's name in kebab case (<c>TaskUpdated</c>: <c>task-updated</c>).</summary>
    /// <param name="name">1 to 100 ASCII letters, digits and <c>- _ . :</c>.</param>
    /// <typeparam name="TMessage">The message's own type, not a base type.</typeparam>
    public RealtimeOptions MessageName<TMessage>(string name)
    {
        Names[typeof(TMessage)] = MessageNames.Checked(name, nameof(name));
        return this;
    }
}
