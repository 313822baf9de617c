using System.Buffers;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>
/// Received bytes, cut into replies. Most replies lie in one block and are handed out in place. A reply that is longer than a block goes on
/// in further ones, which are freed with it; a block of a long payload is as large as what is missing, up to a megabyte. Not thread-safe.
/// </summary>
internal sealed class ReceiveBuffer(RespLimits limits)
{
    private const int BlockBytes = 64 * 1024;
    private const int LargeBlockBytes = 1024 * 1024;

    private readonly FrameScanner _scanner = new(limits);
    private readonly byte[] _first = GC.AllocateUninitializedArray<byte>(BlockBytes);
    private readonly List<ReceiveSegment> _full = []; // blocks of the reply that has begun, before the current one
    private byte[]? _current; // null: _first
    private int _start;   // of the reply that has begun, in the current block
    private int _scanned; // up to where the scanner has taken it
    private int _end;     // of the bytes received

    private byte[] Block => _current ?? _first;

    /// <summary>Room for the next bytes; never empty.</summary>
    public Span<byte> Room()
    {
        if (_end == _start && _full.Count == 0)
        {
            _start = _scanned = _end = 0;
            ReturnCurrent();
        }

        if (Block.Length - _end < BlockBytes / 8)
        {
            MakeRoom();
        }

        return Block.AsSpan(_end);
    }

    /// <summary>Takes over bytes that were written to <see cref="Room"/>.</summary>
    public void Received(int count) => _end += count;

    /// <summary>Cuts off the next reply. It is valid until <see cref="Release"/>, which has to be called before the next call of this.</summary>
    /// <exception cref="RedisProtocolException">The bytes are no reply.</exception>
    public bool TryRead(out ReadOnlySequence<byte> reply)
    {
        var complete = _scanner.TryScan(Block.AsSpan(_scanned, _end - _scanned), out var taken);
        _scanned += taken;
        if (!complete)
        {
            reply = default;
            return false;
        }

        if (_full.Count == 0)
        {
            reply = new ReadOnlySequence<byte>(Block, _start, _scanned - _start);
            return true;
        }

        var last = new ReceiveSegment(Block, _start, _scanned, _full[^1]);
        reply = new ReadOnlySequence<byte>(_full[0], 0, last, last.Memory.Length);
        return true;
    }

    /// <summary>Frees the reply that was read last.</summary>
    public void Release()
    {
        _start = _scanned;
        if (_full.Count > 0)
        {
            ReleaseChain();
        }
    }

    private void MakeRoom()
    {
        if (_full.Count == 0 && _end - _start <= BlockBytes / 2)
        {
            // The beginning of a reply: to the front, so that it stays in one piece.
            var begun = Block.AsSpan(_start, _end - _start);
            begun.CopyTo(_first);
            (_scanned, _end, _start) = (_scanned - _start, begun.Length, 0);
            ReturnCurrent();
            return;
        }

        // A long reply goes on in a new block; an unfinished line goes with it, because lines are read in one piece.
        var unread = Block.AsSpan(_scanned, _end - _scanned);
        var size = (int)Math.Clamp(_scanner.MissingPayload, BlockBytes + RespLimits.LineBytes, LargeBlockBytes);
        var next = ArrayPool<byte>.Shared.Rent(size);
        unread.CopyTo(next);
        var length = unread.Length;
        if (_scanned > _start)
        {
            _full.Add(new ReceiveSegment(Block, _start, _scanned, _full.Count > 0 ? _full[^1] : null));
            _current = null;
        }

        ReturnCurrent(); // nothing of the reply is in it
        (_current, _start, _scanned, _end) = (next, 0, 0, length);
    }

    private void ReleaseChain()
    {
        foreach (var segment in _full)
        {
            if (segment.Block != _first)
            {
                ArrayPool<byte>.Shared.Return(segment.Block);
            }
        }

        _full.Clear();

        // What follows the reply moves to the first block, unless it is so much that it may stay where it is until it is used up.
        var rest = Block.AsSpan(_start, _end - _start);
        if (rest.Length <= BlockBytes / 2)
        {
            rest.CopyTo(_first);
            (_start, _scanned, _end) = (0, 0, rest.Length);
            ReturnCurrent();
        }
    }

    private void ReturnCurrent()
    {
        if (_current is not null)
        {
            ArrayPool<byte>.Shared.Return(_current);
            _current = null;
        }
    }
}
