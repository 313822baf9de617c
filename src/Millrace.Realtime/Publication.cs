using System.Text.Json;

namespace Millrace.Realtime;

/// <summary>One message on one channel, serialised once. Immutable and shared by all subscribers; thread-safe.</summary>
public sealed class Publication
{
    /// <summary>What a publication counts in an outbox beyond its data, at the most.</summary>
    internal const int LargestOverheadBytes = ChannelNames.MaximumLength + Publishing.MessageNames.MaximumLength + FixedOverheadBytes;

    private const int FixedOverheadBytes = 64;

    private readonly JsonSerializerOptions _serializerOptions;
    private object[] _encodings = [];

    internal Publication(string channel, string type, ReadOnlyMemory<byte> data, JsonSerializerOptions serializerOptions)
    {
        Channel = channel;
        Type = type;
        Data = data;
        _serializerOptions = serializerOptions;
    }

    /// <summary>The channel.</summary>
    public string Channel { get; }

    /// <summary>The message's registered name, or its type's name in kebab case.</summary>
    public string Type { get; }

    /// <summary>The message as JSON in UTF-8.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>What it counts against the bounds of an outbox: data, names and a fixed overhead.</summary>
    internal int SizeBytes => Data.Length + Channel.Length + Type.Length + FixedOverheadBytes;

    /// <summary>Reads the message back.</summary>
    /// <exception cref="JsonException">The message is not a <typeparamref name="TMessage"/>.</exception>
    public TMessage? Read<TMessage>() => JsonSerializer.Deserialize<TMessage>(Data.Span, _serializerOptions);

    /// <summary>A transport's own encoding of this publication, made on first use and then shared by all its connections.</summary>
    /// <param name="encode">Makes it; may run more than once when first uses coincide, but only one result is handed out. Must not depend on the connection.</param>
    /// <typeparam name="TEncoding">A type of the transport's own, which tells its encoding from other transports'.</typeparam>
    public TEncoding GetEncoding<TEncoding>(Func<Publication, TEncoding> encode)
        where TEncoding : class
    {
        ArgumentNullException.ThrowIfNull(encode);
        TEncoding? made = null;
        while (true)
        {
            var known = Volatile.Read(ref _encodings);
            foreach (var encoding in known)
            {
                if (encoding is TEncoding found)
                {
                    return found;
                }
            }

            made ??= encode(this);
            if (ReferenceEquals(Interlocked.CompareExchange(ref _encodings, [.. known, made], known), known))
            {
                return made;
            }
        }
    }
}
