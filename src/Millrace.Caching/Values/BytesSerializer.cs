using System.Buffers;
using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching.Values;

/// <summary>A byte array as it is, copied in and out, because anybody may write to an array.</summary>
internal sealed class BytesSerializer : IHybridCacheSerializer<byte[]>
{
    public byte[] Deserialize(ReadOnlySequence<byte> source) => source.ToArray();

    public void Serialize(byte[] value, IBufferWriter<byte> target) => target.Write(value);
}
