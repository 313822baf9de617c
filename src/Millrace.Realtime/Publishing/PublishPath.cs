using System.Text.Json;
using Microsoft.Extensions.Options;
using Millrace.Realtime.Bus;
using Millrace.Realtime.Channels;
using Millrace.Realtime.Diagnostics;

namespace Millrace.Realtime.Publishing;

/// <summary>
/// The way of a message from its publisher to the bus:
/// 1. check the channel's name; 2. name the message; 3. serialise it, once; 4. check its size; 5. hand it to the bus.
/// From the bus it goes through <see cref="DeliverPath"/>, in this process and, with a shared bus, in every other.
/// </summary>
internal sealed class PublishPath(ChannelBus bus, ChannelRules rules, RealtimeMetrics metrics, IOptions<RealtimeOptions> options)
{
    private readonly JsonSerializerOptions _serializerOptions = options.Value.SerializerOptions;
    private readonly MessageNames _names = new(options.Value.Names);

    public ValueTask PublishAsync<T>(string channel, T message, CancellationToken cancellationToken)
    {
        // 1. The channel's name. No rule is asked: the server may publish where it likes.
        ChannelName.ThrowIfInvalid(channel, nameof(channel));
        ArgumentNullException.ThrowIfNull(message);

        // 2. The message's name, by its own type: a publisher that holds a base type publishes what the message is.
        var type = message.GetType();
        var name = _names.Of(type);

        // 3. Serialised here and never again: the bytes are shared by every subscriber.
        var data = JsonSerializer.SerializeToUtf8Bytes(message, type, _serializerOptions);
        return SendAsync(channel, name, data, rules.Find(channel), cancellationToken);
    }

    /// <summary>The same for a message that a client sent as JSON; the caller has checked the name and asked the channel's rule.</summary>
    public ValueTask PublishJsonAsync(string channel, ChannelRule rule, JsonElement message, CancellationToken cancellationToken) =>
        SendAsync(channel, rule.ClientMessageName, JsonSerializer.SerializeToUtf8Bytes(message), rule, cancellationToken);

    private async ValueTask SendAsync(string channel, string name, byte[] data, ChannelRule? rule, CancellationToken cancellationToken)
    {
        // 4. The size.
        var limit = rules.LimitsOf(rule).MessageBytes;
        if (data.Length > limit)
        {
            throw new MessageTooLargeException(
                $"The message '{name}' for channel '{channel}' has {data.Length} bytes of JSON, {limit} are allowed; publish an id to load by, or raise MaximumMessageBytes for the channel.");
        }

        // 5. The bus.
        await bus.PublishAsync(new Publication(channel, name, data, _serializerOptions), cancellationToken).ConfigureAwait(false);
        metrics.Published();
    }
}
