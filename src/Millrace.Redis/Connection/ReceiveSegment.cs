using System.Buffers;

namespace Millrace.Redis.Connection;

/// <summary>A block of received bytes that a reply goes on in.</summary>
internal sealed class ReceiveSegment : ReadOnlySequenceSegment<byte>
{
    public ReceiveSegment(byte[] block, int start, int end, ReceiveSegment? before)
    {
        Block = block;
        Memory = block.AsMemory(start, end - start);
        if (before is not null)
        {
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }

    public byte[] Block { get; }
}
