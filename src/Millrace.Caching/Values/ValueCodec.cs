using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Hybrid;
using Millrace.Caching.Local;

namespace Millrace.Caching.Values;

/// <summary>How one cache keeps values of type <typeparamref name="T"/>: shared, or as bytes.</summary>
/// <param name="shares">True: all readers get one object.</param>
/// <param name="serializer">Writes and reads; null where values are always shared and weighed otherwise.</param>
/// <param name="weigh">The weight of a shared or copied value in bytes.</param>
/// <param name="clone">Copies a value for each reader; null: it is serialized.</param>
/// <param name="schema">The fingerprint of the type's shape; 0 where it does not count.</param>
internal sealed class ValueCodec<T>(bool shares, IHybridCacheSerializer<T> serializer, Func<T, long> weigh, Func<T, T>? clone, int schema)
{
    public int Schema => schema;

    /// <summary>Whether the bytes are the value.</summary>
    private bool IsPlain => serializer is BytesSerializer;

    private static byte[]? WholeArray(ReadOnlyMemory<byte> payload) =>
        MemoryMarshal.TryGetArray(payload, out var part) && part.Array is { } array && array.Length == payload.Length ? array : null;

    /// <summary>Makes an entry of a value; the entry shares it if the type or the caller says that nobody changes it.</summary>
    /// <exception cref="InvalidOperationException">The value cannot be serialized.</exception>
    public Entry<T> Encode(in EntryHead head, T value, bool immutable)
    {
        if (value is null)
        {
            return new SharedEntry<T>(head, value, 0);
        }

        if (shares || immutable)
        {
            return new SharedEntry<T>(head, value, Math.Max(0, weigh(value)));
        }

        return clone is null
            ? new PayloadEntry<T>(head, Serialize(head.Key, value), this)
            : new ClonedEntry<T>(head, value, clone, Math.Max(0, weigh(value)));
    }

    /// <summary>Makes an entry of a value, and the bytes that the second level keeps of it.</summary>
    /// <exception cref="InvalidOperationException">The value cannot be serialized.</exception>
    public Entry<T> Encode(in EntryHead head, T value, bool immutable, out byte[] payload)
    {
        payload = value is null ? [] : Serialize(head.Key, value);
        return value is null || shares || immutable || clone is not null
            ? Encode(head, value, immutable)
            : new PayloadEntry<T>(head, payload, this);
    }

    /// <summary>Makes an entry of what the second level has.</summary>
    /// <param name="head">The entry's head.</param>
    /// <param name="payload">The bytes. A whole array belongs to the entry from now on; of a part of one a copy is kept.</param>
    /// <param name="isNull">Whether the value is null.</param>
    /// <param name="immutable">Whether the caller says that nobody changes it.</param>
    /// <param name="isKept">Whether the entry outlives those who wait for it, and so keeps the bytes and nothing around them.</param>
    /// <param name="value">The value, an object that is the caller's own unless it is shared; null where the entry is to be asked for it.</param>
    /// <exception cref="InvalidOperationException">The bytes are not what its serializer writes.</exception>
    public Entry<T> Restore(in EntryHead head, ReadOnlyMemory<byte> payload, bool isNull, bool immutable, bool isKept, out T? value)
    {
        var passes = !isNull && !shares && !immutable && clone is null && !isKept;
        value = isNull || (passes && IsPlain) ? default : Decode(head.Key, payload);
        return passes ? new PassingEntry<T>(head, payload, this)
            : isNull || shares || immutable || clone is not null ? Encode(head, value!, immutable)
            : new PayloadEntry<T>(head, WholeArray(payload) ?? payload.ToArray(), this);
    }

    /// <summary>Makes a value of bytes that nobody else will ask for.</summary>
    public T Take(string key, ReadOnlyMemory<byte> payload) =>
        IsPlain && WholeArray(payload) is { } bytes ? (T)(object)bytes : Decode(key, payload);

    public T Decode(string key, ReadOnlyMemory<byte> payload)
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
