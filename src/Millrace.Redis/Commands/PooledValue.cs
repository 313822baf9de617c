using System.Buffers;

namespace Millrace.Redis.Commands;

/// <summary>A value in memory of the pool's, of exactly its length, until it is disposed.</summary>
internal sealed class PooledValue : IMemoryOwner<byte>
{
    private readonly int _length;
    private byte[]? _bytes;

    public PooledValue(in ReadOnlySequence<byte> content)
    {
        _length = (int)content.Length;
        _bytes = ArrayPool<byte>.Shared.Rent(_length);
        content.CopyTo(_bytes);
    }

    public Memory<byte> Memory
    {
        get
        {
            var bytes = _bytes;
            ObjectDisposedException.ThrowIf(bytes is null, this);
            return bytes.AsMemory(0, _length);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
