using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching.DropIns;

// Format 1 of an entry in the second level: one byte 1, the sliding span in ticks (8 bytes, little endian, 0 for none), the bytes that were set.
internal sealed class DistributedEntrySerializer : IHybridCacheSerializer<DistributedEntry>
{
    private const byte Format = 1;
    private const int HeadLength = 1 + sizeof(long);

    public DistributedEntry Deserialize(ReadOnlySequence<byte> source)
    {
        Span<byte> head = stackalloc byte[HeadLength];
        if (source.Length < HeadLength)
        {
            throw new FormatException($"An entry has at least {HeadLength} bytes; this one has {source.Length}.");
        }

        source.Slice(0, HeadLength).CopyTo(head);
        var sliding = BinaryPrimitives.ReadInt64LittleEndian(head[1..]);
        return head[0] == Format && sliding >= 0
            ? new DistributedEntry(source.Slice(HeadLength).ToArray(), TimeSpan.FromTicks(sliding))
            : throw new FormatException("The entry is of an unknown format.");
    }

    public void Serialize(DistributedEntry value, IBufferWriter<byte> target)
    {
        var head = target.GetSpan(HeadLength);
        head[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(head[1..], value.Sliding.Ticks);
        target.Advance(HeadLength);
        target.Write(value.Data);
    }
}
