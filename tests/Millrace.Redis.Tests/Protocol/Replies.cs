using System.Buffers;
using System.Globalization;
using System.Text;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>Replies in tests: written as Latin-1 text, one character for each byte; cut into pieces; read back and shown as text.</summary>
internal static class Replies
{
    public static byte[] Bytes(string wire) => Encoding.Latin1.GetBytes(wire);

    /// <summary>The bytes as a sequence of segments that end where the cuts are; equal cuts make empty segments.</summary>
    public static ReadOnlySequence<byte> Cut(byte[] bytes, params IEnumerable<int> cuts)
    {
        ReceiveSegment? first = null, last = null;
        var start = 0;
        foreach (var end in cuts.Append(bytes.Length))
        {
            last = new ReceiveSegment(bytes, start, end, last);
            first ??= last;
            start = end;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    /// <summary>The bytes in segments of one byte.</summary>
    public static ReadOnlySequence<byte> Bytewise(byte[] bytes) => Cut(bytes, Enumerable.Range(1, Math.Max(0, bytes.Length - 1)));

    /// <summary>Receives bytes in pieces.</summary>
    /// <returns>Each reply as text; last, if it came to that, the protocol error after an exclamation mark.</returns>
    public static List<string> Feed(ReceiveBuffer buffer, byte[] bytes, params IEnumerable<int> cuts)
    {
        var replies = new List<string>();
        var start = 0;
        foreach (var end in cuts.Append(bytes.Length))
        {
            for (var piece = bytes.AsSpan(start, end - start); !piece.IsEmpty;)
            {
                var room = buffer.Room();
                var count = Math.Min(room.Length, piece.Length);
                piece[..count].CopyTo(room);
                buffer.Received(count);
                piece = piece[count..];
                try
                {
                    while (buffer.TryRead(out var reply))
                    {
                        Assert.False(reply.FirstSpan.IsEmpty);
                        replies.Add(Text(reply));
                        buffer.Release();
                    }
                }
                catch (RedisProtocolException error)
                {
                    replies.Add("! " + error.Message);
                    return replies;
                }
            }

            start = end;
        }

        return replies;
    }

    /// <summary>Gives bytes in pieces to a scanner, what it left each time again.</summary>
    /// <returns>How long the reply is; or that it goes on; or the error.</returns>
    public static string Scan(byte[] bytes, RespLimits limits, params IEnumerable<int> cuts)
    {
        var scanner = new FrameScanner(limits);
        var position = 0;
        try
        {
            foreach (var end in cuts.Append(bytes.Length))
            {
                var complete = scanner.TryScan(bytes.AsSpan(position, end - position), out var taken);
                position += taken;
                if (complete)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"{position}");
                }
            }
        }
        catch (RedisProtocolException error)
        {
            return error.Message;
        }

        return "goes on";
    }

    public static string Text(in ReadOnlySequence<byte> reply)
    {
        var reader = new RespReader(reply);
        var text = Text(ref reader);
        Assert.Equal(RespType.None, reader.Type);
        var skipper = new RespReader(reply);
        skipper.Skip();
        Assert.Equal(RespType.None, skipper.Type);
        return text;
    }

    /// <summary>A value as text, all that is in it. Attributes do not show.</summary>
    public static string Text(ref RespReader reader)
    {
        if (reader.TryReadNull())
        {
            return "null";
        }

        if (reader.IsError)
        {
            return $"error({reader.ReadError().Message})";
        }

        var type = reader.Type;
        if (reader.IsAggregate)
        {
            var items = new string[reader.ReadAggregateHeader()];
            for (var i = 0; i < items.Length; i++)
            {
                items[i] = Text(ref reader);
            }

            return $"{type}[{string.Join(", ", items)}]";
        }

        switch (type)
        {
            case RespType.Integer:
                return string.Create(CultureInfo.InvariantCulture, $"Integer({reader.ReadInt64()})");
            case RespType.Double:
                return string.Create(CultureInfo.InvariantCulture, $"Double({reader.ReadDouble():R})");
            case RespType.Boolean:
                return $"Boolean({reader.ReadBoolean()})";
            default:
                Assert.True(reader.TryReadContent(out var content));
                return $"{type}({Encoding.Latin1.GetString(content)})";
        }
    }
}
