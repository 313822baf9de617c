using System.Buffers;
using Microsoft.Extensions.Caching.Hybrid;
using Millrace.Caching.Local;

namespace Millrace.Caching.Values;

/// <summary>How one cache keeps values of type <typeparamref name="T"/>: shared, or as bytes.</summary>
/// <param name="shares">True: all readers get one object.</param>
/// <param name="serializer">Writes and reads; null where values are always shared and weighed otherwise.</param>
/// <param name="weigh">The weight of a shared value in bytes.</param>
internal sealed class ValueCodec<T>(bool shares, IHybridCacheSerializer<T> serializer, Func<T, long> weigh)
{
    /// <summary>Makes an entry of a value; the entry shares it if the type or the caller says that nobody changes it.</summary>
    /// <exception cref="InvalidOperationException">The value cannot be serialized.</exception>
    public Entry<T> Encode(in EntryHead head, T value, bool immutable)
    {
        if (value is null)
        {
            return new SharedEntry<T>(head, value, 0);
        }

        return shares || immutable
            ? new SharedEntry<T>(head, value, Math.Max(0, weigh(value)))
            : new PayloadEntry<T>(head, Serialize(head.Key, value), this);
    }

    public T Decode(string key, byte[] payload)
    {
        try
        {
            return serializer.Deserialize(new ReadOnlySequence<byte>(payload));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidOperationException(
                $"The value of type {typeof(T)} under cache key '{key}' cannot be read back from what its serializer wrote: {e.Message} "
                + $"Register an IHybridCacheSerializer<{typeof(T).Name}>, or declare the type with CacheOptions.Immutable if nobody changes such values.",
                e);
        }
    }

    private byte[] Serialize(string key, T value)
    {
        try
        {
            using var buffer = new PooledBuffer();
            serializer.Serialize(value, buffer);
            return buffer.ToArray();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidOperationException(
                $"The value of type {typeof(T)} for cache key '{key}' cannot be serialized: {e.Message} "
                + $"Register an IHybridCacheSerializer<{typeof(T).Name}>, or declare the type with CacheOptions.Immutable if nobody changes such values.",
                e);
        }
    }
}
