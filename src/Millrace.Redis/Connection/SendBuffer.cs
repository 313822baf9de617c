using System.Buffers;

namespace Millrace.Redis.Connection;

/// <summary>Bytes to be sent, in blocks. The first block is kept for the next use. Not thread-safe.</summary>
internal sealed class SendBuffer
{
    public const int BlockBytes = 64 * 1024;

    private readonly List<byte[]> _blocks = [GC.AllocateUninitializedArray<byte>(BlockBytes)];
    private int _used = 1;     // blocks that hold bytes, the last perhaps in part
    private int _inLast;

    public bool IsEmpty => _used == 1 && _inLast == 0;

    /// <summary>How many bytes it holds.</summary>
    public long Length => ((long)(_used - 1) * BlockBytes) + _inLast;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var free = _blocks[_used - 1].AsSpan(_inLast, BlockBytes - _inLast);
            if (bytes.Length <= free.Length)
            {
                bytes.CopyTo(free);
                _inLast += bytes.Length;
                return;
            }

            bytes[..free.Length].CopyTo(free);
            bytes = bytes[free.Length..];
            _blocks.Add(ArrayPool<byte>.Shared.Rent(BlockBytes));
            _used++;
            _inLast = 0;
        }
    }

    public void SendTo(Transport transport)
    {
        for (var i = 0; i < _used; i++)
        {
            transport.Send(_blocks[i].AsSpan(0, i == _used - 1 ? _inLast : BlockBytes));
        }
    }

    public void Clear()
    {
        for (var i = _used - 1; i > 0; i--)
        {
            ArrayPool<byte>.Shared.Return(_blocks[i]);
            _blocks.RemoveAt(i);
        }

        _used = 1;
        _inLast = 0;
    }
}
