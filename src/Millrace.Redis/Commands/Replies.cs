using System.Buffers;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Commands;

/// <summary>
/// Results of replies. RESP2 and RESP3 tell some in different shapes (flat lists or pairs, text or numbers): both are taken. A reply's bounds
/// have been checked before, so the numbers in its headers are those of elements that are there.
/// </summary>
internal static class Replies
{
    private const long LastSecond = 253_402_300_799; // of the year 9999

    public static readonly ReplyParser<byte[]?> Bytes = static (ref reader, _) => reader.ReadBytes();

    public static readonly ReplyParser<string?> Text = static (ref reader, _) => reader.ReadString();

    public static readonly ReplyParser<long> Integer = static (ref reader, _) => reader.ReadInt64();

    public static readonly ReplyParser<long?> IntegerOrNull = static (ref reader, _) => reader.TryReadNull() ? null : reader.ReadInt64();

    public static readonly ReplyParser<double> Number = static (ref reader, _) => reader.ReadDouble();

    public static readonly ReplyParser<double?> NumberOrNull = static (ref reader, _) => ReadNumberOrNull(ref reader);

    public static readonly ReplyParser<bool> Boolean = static (ref reader, _) => reader.ReadBoolean();

    /// <summary>Into the operation's memory.</summary>
    public static readonly ReplyParser<int> IntoMemory = static (ref reader, operation) => reader.ReadBytes(operation.Destination.Span);

    /// <summary>Into the operation's writer.</summary>
    public static readonly ReplyParser<int> IntoWriter = static (ref reader, operation) => reader.ReadBytes((IBufferWriter<byte>)operation.Target!);

    public static readonly ReplyParser<IMemoryOwner<byte>?> Pooled =
        static (ref reader, _) => reader.TryReadContent(out var content) ? new PooledValue(content) : null;

    /// <summary>Values of which some may be missing.</summary>
    public static readonly ReplyParser<byte[]?[]> OptionalValues = static (ref reader, _) => ReadList(ref reader, static (ref reader) => reader.ReadBytes());

    public static readonly ReplyParser<byte[][]> Values = static (ref reader, _) => ReadValues(ref reader);

    public static readonly ReplyParser<string[]> Texts = static (ref reader, _) => ReadList(ref reader, ReadText);

    public static readonly ReplyParser<bool[]> Booleans = static (ref reader, _) => ReadList(ref reader, static (ref reader) => reader.ReadBoolean());

    public static readonly ReplyParser<long[]> Integers = static (ref reader, _) => ReadList(ref reader, static (ref reader) => reader.ReadInt64());

    public static readonly ReplyParser<double?[]> OptionalNumbers = static (ref reader, _) => ReadList(ref reader, ReadNumberOrNull);

    public static readonly ReplyParser<RedisField[]> Fields = static (ref reader, _) => ReadFields(ref reader);

    public static readonly ReplyParser<RedisScored[]> Scored = static (ref reader, _) => ReadScored(ref reader);

    /// <summary>The only member, if there is one.</summary>
    public static readonly ReplyParser<RedisScored?> FirstScored = static (ref reader, _) => ReadScored(ref reader) is [var first, ..] ? first : null;

    /// <summary>How long something still lives, in milliseconds: null for -2 (it is not there), infinite for -1 (for ever).</summary>
    public static readonly ReplyParser<TimeSpan?> Duration = static (ref reader, _) => ReadDuration(ref reader);

    public static readonly ReplyParser<TimeSpan?[]> Durations = static (ref reader, _) => ReadList(ref reader, ReadDuration);

    /// <summary>When something ends, in milliseconds since 1970: null for -2 (it is not there), the maximum for -1 (never).</summary>
    public static readonly ReplyParser<DateTimeOffset?> Moment = static (ref reader, _) => reader.ReadInt64() switch
    {
        -2 => null,
        -1 => DateTimeOffset.MaxValue,
        var milliseconds => ToMoment(milliseconds),
    };

    /// <summary>Seconds and microseconds.</summary>
    public static readonly ReplyParser<DateTimeOffset> Clock = static (ref reader, _) =>
    {
        ExpectPair(ref reader);
        var (seconds, microseconds) = (reader.ReadInt64(), reader.ReadInt64());
        return seconds is >= 0 and <= LastSecond && microseconds is >= 0 and < 1_000_000
            ? DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
            : throw new RedisException("The reply is of another form than the command's: it is no time.");
    };

    /// <summary>Which fields got an expiry: 1, or 2 when they expired at once.</summary>
    public static readonly ReplyParser<bool[]> ChangedFields = static (ref reader, _) => ReadList(ref reader, static (ref reader) => reader.ReadInt64() > 0);

    public static readonly ReplyParser<ScanPage<byte[]>> ValuesPage = static (ref reader, _) =>
    {
        ExpectPair(ref reader);
        return new(ReadValue(ref reader), ReadValues(ref reader));
    };

    public static readonly ReplyParser<ScanPage<RedisField>> FieldsPage = static (ref reader, _) =>
    {
        ExpectPair(ref reader);
        return new(ReadValue(ref reader), ReadFields(ref reader));
    };

    public static readonly ReplyParser<ScanPage<RedisScored>> ScoredPage = static (ref reader, _) =>
    {
        ExpectPair(ref reader);
        return new(ReadValue(ref reader), ReadScored(ref reader));
    };

    public delegate T ElementParser<out T>(ref RespReader reader);

    /// <summary>Reads a list; null counts as empty.</summary>
    public static T[] ReadList<T>(ref RespReader reader, ElementParser<T> element)
    {
        var count = reader.ReadAggregateHeader();
        if (count <= 0)
        {
            return [];
        }

        var items = new T[count];
        foreach (ref var item in items.AsSpan())
        {
            item = element(ref reader);
        }

        return items;
    }

    /// <summary>Reads pairs: one after the other in one list, or each in a list of its own.</summary>
    public static T[] ReadPairs<T>(ref RespReader reader, ElementParser<T> pair)
    {
        var count = reader.ReadAggregateHeader();
        if (count <= 0)
        {
            return [];
        }

        var isNested = reader.IsAggregate;
        if (!isNested && count % 2 != 0)
        {
            throw new RedisException($"The reply is of another form than the command's: a list of pairs has {count} elements.");
        }

        var items = new T[isNested ? count : count / 2];
        foreach (ref var item in items.AsSpan())
        {
            if (isNested)
            {
                ExpectPair(ref reader);
            }

            item = pair(ref reader);
        }

        return items;
    }

    /// <summary>Reads the header of a list of at least some elements.</summary>
    /// <returns>How many it has.</returns>
    /// <exception cref="RedisException">It has fewer.</exception>
    public static int Expect(ref RespReader reader, int minimum)
    {
        var count = reader.ReadAggregateHeader();
        return count >= minimum ? count : throw new RedisException(
            $"The reply is of another form than the command's: a list of {count} elements stands where at least {minimum} were expected.");
    }

    public static byte[] ReadValue(ref RespReader reader) => reader.ReadBytes() ?? throw Missing();

    public static string ReadText(ref RespReader reader) => reader.ReadString() ?? throw Missing();

    public static RedisField[] ReadFields(ref RespReader reader) =>
        ReadPairs(ref reader, static (ref reader) => new RedisField(ReadValue(ref reader), ReadValue(ref reader)));

    private static RedisScored[] ReadScored(ref RespReader reader) =>
        ReadPairs(ref reader, static (ref reader) => new RedisScored(ReadValue(ref reader), reader.ReadDouble()));

    /// <summary>A duration in milliseconds; one that is too long for the type is its longest.</summary>
    public static TimeSpan ToTimeSpan(long milliseconds) => milliseconds switch
    {
        <= 0 => TimeSpan.Zero,
        > long.MaxValue / TimeSpan.TicksPerMillisecond => TimeSpan.MaxValue,
        _ => new TimeSpan(milliseconds * TimeSpan.TicksPerMillisecond),
    };

    /// <summary>A moment in milliseconds since 1970; one after the year 9999 is the last of that year.</summary>
    private static DateTimeOffset ToMoment(long milliseconds) => milliseconds switch
    {
        <= 0 => DateTimeOffset.UnixEpoch,
        > 1000 * LastSecond => DateTimeOffset.MaxValue,
        _ => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds),
    };

    private static byte[][] ReadValues(ref RespReader reader) => ReadList(ref reader, ReadValue);

    private static double? ReadNumberOrNull(ref RespReader reader) => reader.TryReadNull() ? null : reader.ReadDouble();

    private static TimeSpan? ReadDuration(ref RespReader reader) => reader.ReadInt64() switch
    {
        -2 => null,
        -1 => Timeout.InfiniteTimeSpan,
        var milliseconds => ToTimeSpan(milliseconds),
    };

    private static void ExpectPair(ref RespReader reader)
    {
        if (reader.ReadAggregateHeader() != 2)
        {
            throw new RedisException("The reply is of another form than the command's: a list of two was expected.");
        }
    }

    private static RedisException Missing() => new("The reply is of another form than the command's: a value is missing.");
}
