using System.Buffers;

namespace Millrace.Redis.Connection;

/// <summary>
/// What a server sends on a connection that subscribes. Publications and confirmations are pushes in RESP3 and arrays in RESP2, beside the
/// arrays that are replies. A confirmation that is the oldest command's counts as its reply: so every command has exactly one, errors included,
/// in the order of the commands. A confirmation that no command asked for (a shard channel whose slot has moved away) is a push.
/// </summary>
internal static class SubscriberFrame
{
    private const int MaximumKindBytes = 16;

    /// <summary>Whether a message is to be told to the connection's owner, rather than given to the oldest command.</summary>
    /// <param name="message">One whole value.</param>
    /// <param name="oldest">The oldest command without a reply; null: there is none.</param>
    public static bool IsPush(in ReadOnlySequence<byte> message, RedisOperation? oldest)
    {
        var reader = new RespReader(message);
        var isPush = reader.Type == RespType.Push; // attributes may stand before it
        if (!isPush && reader.Type != RespType.Array)
        {
            return false;
        }

        if (reader.ReadAggregateHeader() < 3)
        {
            return isPush;
        }

        if (reader.Type is not (RespType.BulkString or RespType.SimpleString) || !reader.TryReadContent(out var content) || content.Length > MaximumKindBytes)
        {
            return isPush;
        }

        var kind = content.IsSingleSegment ? content.FirstSpan : content.ToArray();
        return kind.EndsWith("subscribe"u8)
            ? oldest is null || !IsAnswer(kind, ref reader, oldest)
            : isPush || kind.EndsWith("message"u8);
    }

    private static bool IsAnswer(ReadOnlySpan<byte> kind, ref RespReader reader, RedisOperation oldest) =>
        System.Text.Ascii.EqualsIgnoreCase(kind, oldest.Name.Text) && reader.TryReadContent(out var channel) && IsArgument(channel, oldest);

    /// <summary>Whether a command's only argument is these bytes.</summary>
    private static bool IsArgument(in ReadOnlySequence<byte> channel, RedisOperation operation)
    {
        // *2, the name, then the argument: its length, CR LF, its bytes, CR LF.
        var argument = operation.Encoded[(4 + operation.Name.Encoded.Length)..];
        var bytes = argument[(argument.IndexOf((byte)'\n') + 1)..^2];
        return channel.IsSingleSegment ? bytes.SequenceEqual(channel.FirstSpan) : bytes.SequenceEqual(channel.ToArray());
    }
}
