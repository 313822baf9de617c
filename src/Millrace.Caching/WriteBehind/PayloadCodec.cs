using System.Buffers;
using Microsoft.Extensions.Caching.Hybrid;
using Millrace.Caching.Values;

namespace Millrace.Caching.WriteBehind;

// The value of a pending write, as stores keep it:
//
//   byte 0    0x00 null, 0x01 a value; anything else was written by a newer version
//   rest      what the type's serializer wrote; nothing for null
internal sealed class PayloadCodec<T>(IHybridCacheSerializer<T> serializer)
{
    private const byte Null = 0;
    private const byte Value = 1;

    /// <exception cref="InvalidOperationException">The value cannot be serialized.</exception>
    public byte[] Encode(string key, T value)
    {
        if (value is null)
        {
            return [Null];
        }

        using var buffer = new PooledBuffer();
        buffer.GetSpan(1)[0] = Value;
        buffer.Advance(1);
        try
        {
            serializer.Serialize(value, buffer);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidOperationException(
                $"The value of type {typeof(T)} for key '{key}' cannot be serialized: {e.Message} Register an IHybridCacheSerializer<{typeof(T).Name}>.", e);
        }

        return buffer.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no value of the type.</exception>
    public T Decode(string key, ReadOnlyMemory<byte> payload)
    {
        switch (payload.Length == 0 ? byte.MaxValue : payload.Span[0])
        {
            case Null when payload.Length == 1 && default(T) is null:
                return default!;
            case Value:
                break;
            default:
                throw new InvalidDataException(
                    $"The pending write of key '{key}' has no payload that this version knows. Something else wrote it, or a newer version of Millrace.");
        }

        try
        {
            return serializer.Deserialize(new ReadOnlySequence<byte>(payload[1..]));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidDataException(
                $"The pending write of key '{key}' cannot be read as {typeof(T)}: {e.Message} Was the type changed while writes were pending?", e);
        }
    }
}
