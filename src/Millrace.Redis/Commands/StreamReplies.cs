using System.Buffers;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Commands;

/// <summary>Results of the replies of commands on streams.</summary>
internal static class StreamReplies
{
    public static readonly ReplyParser<RedisStreamEntry[]> Entries = static (ref reader, _) => ReadEntries(ref reader);

    /// <summary>The entries of the only stream that was asked for; null counts as none.</summary>
    public static readonly ReplyParser<RedisStreamEntry[]> OneStream = static (ref reader, _) =>
    {
        var count = reader.ReadAggregateHeader();
        if (count <= 0)
        {
            return [];
        }

        OpenStream(ref reader);
        reader.Skip(); // its key
        return ReadEntries(ref reader);
    };

    /// <summary>The entries of each stream of the operation's keys, in their order; none where the reply leaves a stream out.</summary>
    public static readonly ReplyParser<RedisStreamEntry[][]> ManyStreams = static (ref reader, operation) => ReadStreams(ref reader, (byte[][])operation.Target!);

    public static readonly ReplyParser<RedisStreamClaim> Claim = static (ref reader, _) =>
    {
        var count = Replies.Expect(ref reader, 2);
        return new(
            Replies.ReadText(ref reader), ReadEntries(ref reader), count > 2 ? Replies.ReadList(ref reader, Replies.ReadText) : []);
    };

    public static readonly ReplyParser<RedisStreamPendingSummary> PendingSummary = static (ref reader, _) =>
    {
        Replies.Expect(ref reader, 4);
        var count = reader.ReadInt64();
        var first = reader.ReadString();
        var last = reader.ReadString();
        var consumers = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var left = reader.ReadAggregateHeader(); left > 0; left--)
        {
            Replies.Expect(ref reader, 2);
            consumers[Replies.ReadText(ref reader)] = reader.ReadInt64();
        }

        return new(count, first, last, consumers);
    };

    public static readonly ReplyParser<RedisStreamPending[]> Pending = static (ref reader, _) => Replies.ReadList(ref reader, static (ref reader) =>
    {
        Replies.Expect(ref reader, 4);
        return new RedisStreamPending(
            Replies.ReadText(ref reader), Replies.ReadText(ref reader), Replies.ToTimeSpan(reader.ReadInt64()), reader.ReadInt64());
    });

    public static readonly ReplyParser<RedisStreamInfo> Info = static (ref reader, _) => ReadInfo(ref reader);

    public static readonly ReplyParser<RedisStreamGroup[]> Groups = static (ref reader, _) => Replies.ReadList(ref reader, ReadGroup);

    private static RedisStreamEntry[] ReadEntries(ref RespReader reader) => Replies.ReadList(ref reader, ReadEntry);

    private static RedisStreamEntry ReadEntry(ref RespReader reader)
    {
        Replies.Expect(ref reader, 2);
        return new(Replies.ReadText(ref reader), Replies.ReadFields(ref reader));
    }

    private static RedisStreamEntry? ReadEntryOrNull(ref RespReader reader) => reader.TryReadNull() ? null : ReadEntry(ref reader);

    /// <summary>RESP2 puts key and entries of each stream into a list, RESP3 into a map of all.</summary>
    private static void OpenStream(ref RespReader reader)
    {
        if (reader.IsAggregate)
        {
            Replies.Expect(ref reader, 2);
        }
    }

    private static RedisStreamEntry[][] ReadStreams(ref RespReader reader, byte[][] keys)
    {
        var streams = new RedisStreamEntry[keys.Length][];
        Array.Fill(streams, []);
        var count = reader.ReadAggregateHeader();
        var place = 0;
        for (var left = count > 0 && reader.IsAggregate ? count : count / 2; left > 0; left--)
        {
            OpenStream(ref reader);
            reader.TryReadContent(out var key);
            while (place < keys.Length && !IsEqual(key, keys[place]))
            {
                place++; // servers answer in the order of the question, and leave out what is empty
            }

            if (place == keys.Length)
            {
                throw new RedisException("The reply is of another form than the command's: it has a stream that was not asked for.");
            }

            streams[place++] = ReadEntries(ref reader);
        }

        return streams;
    }

    private static bool IsEqual(in ReadOnlySequence<byte> key, byte[] other) =>
        key.Length == other.Length && (key.IsSingleSegment ? key.FirstSpan : key.ToArray()).SequenceEqual(other);

    private static RedisStreamInfo ReadInfo(ref RespReader reader)
    {
        var (length, lastId, groups, added) = (0L, "0-0", 0L, (long?)null);
        RedisStreamEntry? first = null;
        RedisStreamEntry? last = null;
        for (var left = Replies.Expect(ref reader, 2) / 2; left > 0; left--)
        {
            switch (reader.ReadString())
            {
                case "length":
                    length = reader.ReadInt64();
                    break;
                case "last-generated-id":
                    lastId = Replies.ReadText(ref reader);
                    break;
                case "groups":
                    groups = reader.ReadInt64();
                    break;
                case "entries-added":
                    added = reader.ReadInt64();
                    break;
                case "first-entry":
                    first = ReadEntryOrNull(ref reader);
                    break;
                case "last-entry":
                    last = ReadEntryOrNull(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return new(length, lastId, groups, added, first, last);
    }

    private static RedisStreamGroup ReadGroup(ref RespReader reader)
    {
        var (name, consumers, pending, lastId, lag) = ("", 0L, 0L, "0-0", (long?)null);
        for (var left = Replies.Expect(ref reader, 2) / 2; left > 0; left--)
        {
            switch (reader.ReadString())
            {
                case "name":
                    name = Replies.ReadText(ref reader);
                    break;
                case "consumers":
                    consumers = reader.ReadInt64();
                    break;
                case "pending":
                    pending = reader.ReadInt64();
                    break;
                case "last-delivered-id":
                    lastId = Replies.ReadText(ref reader);
                    break;
                case "lag":
                    lag = reader.TryReadNull() ? null : reader.ReadInt64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return new(name, consumers, pending, lastId, lag);
    }
}
