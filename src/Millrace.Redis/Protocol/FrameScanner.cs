namespace Millrace.Redis.Protocol;

/// <summary>
/// Finds where a reply ends, over bytes that arrive in pieces of any size, and checks all of its structure on the way: types, lengths,
/// line ends, numbers, nesting, limits. Nothing is allocated, whatever the bytes say. Pure: no I/O, no clock. Not thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// The grammar is that of RESP2 and RESP3 (redis.io/docs/latest/develop/reference/protocol-spec, and the RESP3 specification by antirez):
/// a value is a type byte, then either a line ended by CR LF (<c>+ - : _ # , (</c>), or a length line, that many bytes and CR LF
/// (<c>$ ! =</c>), or a count line and that many values (<c>* ~ &gt;</c>; <c>% |</c>: twice as many). A length of -1 is RESP2's null.
/// An attribute (<c>|</c>) stands before a value and belongs to it. Streamed strings and aggregates (<c>?</c> as the length), which no
/// server sends today, are refused.
/// </para>
/// <para>
/// State: one count of missing values for each open aggregate, and the bytes of payload still to step over. A line is taken only when all
/// of it is there, so that a line never has to be remembered; a payload is stepped over in pieces.
/// </para>
/// </remarks>
internal sealed class FrameScanner(RespLimits limits)
{
    private const int MaximumDigits = 18;
    private const int FormatBytes = 4; // txt:

    private static ReadOnlySpan<byte> MinusOne => "-1\r\n"u8;

    private readonly long[] _missing = new long[limits.Depth + 1]; // values still to come in each open aggregate; [0] is not used
    private readonly bool[] _isAttribute = new bool[limits.Depth + 1]; // whether it is an attribute
    private int _depth;
    private long _payload = -1; // bytes of payload still to step over, before its CR LF; -1: none open
    private long _bytes;        // of this reply, taken so far
    private long _elements;

    /// <summary>Bytes of the open payload and its CR LF still to come: what the next reads will need at least. 0: not known.</summary>
    public long MissingPayload => _payload < 0 ? 0 : _payload + 2;

    /// <summary>Takes bytes of a reply.</summary>
    /// <param name="bytes">The bytes after those taken before.</param>
    /// <param name="taken">How many were taken. When the reply is not complete, the rest (an unfinished line, at most
    /// <see cref="RespLimits.LineBytes"/>) has to come again, in one piece, with what follows it.</param>
    /// <returns>Whether the reply ends with the last byte taken; then the next call begins the next reply.</returns>
    /// <exception cref="RedisProtocolException">The bytes are no reply, or exceed a limit. The scanner is of no use any more.</exception>
    public bool TryScan(ReadOnlySpan<byte> bytes, out int taken)
    {
        taken = 0;
        while (true)
        {
            var (start, ended) = (taken, false);
            if (_payload >= 0 ? !TryTakePayload(bytes, ref taken, ref ended) : !TryTakeHeader(bytes, ref taken, ref ended))
            {
                _bytes += taken;
                return false;
            }

            if (_bytes + taken > limits.Bytes)
            {
                throw TooLong(start);
            }

            if (ended && EndValue())
            {
                _bytes = _elements = 0;
                return true;
            }
        }
    }

    private bool TryTakePayload(ReadOnlySpan<byte> bytes, ref int taken, ref bool ended)
    {
        var step = (int)Math.Min(_payload, bytes.Length - taken);
        taken += step;
        _payload -= step;
        if (bytes.Length - taken < 2)
        {
            return false;
        }

        if (bytes[taken] != '\r' || bytes[taken + 1] != '\n')
        {
            throw Malformed("a payload longer than its length says", taken);
        }

        taken += 2;
        _payload = -1;
        return ended = true;
    }

    private bool TryTakeHeader(ReadOnlySpan<byte> bytes, ref int taken, ref bool ended)
    {
        var rest = bytes[taken..];
        if (rest.IsEmpty)
        {
            return false;
        }

        switch ((RespType)rest[0])
        {
            case RespType.BulkString or RespType.BulkError or RespType.VerbatimString:
                return TryTakeLength(rest, ref taken, ref ended);
            case RespType.Array or RespType.Set or RespType.Push or RespType.Map or RespType.Attribute:
                return TryTakeCount(rest, ref taken, ref ended);
            case RespType.SimpleString or RespType.Error or RespType.Integer or RespType.Null or RespType.Boolean or RespType.Double
                or RespType.BigNumber:
                return ended = TryTakeLine(rest, ref taken);
            default:
                throw NoType(rest[0], taken);
        }
    }

    private bool TryTakeLength(ReadOnlySpan<byte> rest, ref int taken, ref bool ended)
    {
        if (!TryReadNumber(rest, taken, out var length, out var line))
        {
            return false;
        }

        if (length < 0)
        {
            ended = rest[0] == '$' ? true : throw Malformed("a null of a type that has none", taken);
        }
        else if (_bytes + taken + line + length + 2 > limits.Bytes)
        {
            throw TooLong(length, taken);
        }
        else if (rest[0] == '=' && !TryCheckFormat(length, rest[line..], taken))
        {
            return false;
        }
        else
        {
            _payload = length;
        }

        taken += line;
        return true;
    }

    private bool TryTakeCount(ReadOnlySpan<byte> rest, ref int taken, ref bool ended)
    {
        if (!TryReadNumber(rest, taken, out var count, out var line))
        {
            return false;
        }

        var type = (RespType)rest[0];
        if (count < 0)
        {
            ended = type == RespType.Array ? true : throw Malformed("a null of a type that has none", taken);
            taken += line;
            return true;
        }

        if (type is RespType.Push && (_depth > 0 || count == 0))
        {
            throw Malformed("a push inside a reply, or an empty one", taken);
        }

        if (count > limits.Elements || (_elements += type is RespType.Map or RespType.Attribute ? 2 * count : count) > limits.Elements)
        {
            throw TooMany(count, taken);
        }

        taken += line;
        if (count == 0)
        {
            ended = type != RespType.Attribute;
            return true;
        }

        if (++_depth > limits.Depth)
        {
            throw TooDeep(taken - line);
        }

        _missing[_depth] = type is RespType.Map or RespType.Attribute ? 2 * count : count;
        _isAttribute[_depth] = type == RespType.Attribute;
        return true;
    }

    /// <summary>Counts a finished value.</summary>
    /// <returns>Whether the reply ends with it.</returns>
    private bool EndValue()
    {
        while (_depth > 0)
        {
            if (--_missing[_depth] > 0)
            {
                return false;
            }

            if (_isAttribute[_depth--])
            {
                return false; // the value that the attribute belongs to comes next
            }
        }

        return true;
    }

    private bool TryTakeLine(ReadOnlySpan<byte> rest, ref int taken)
    {
        var end = rest.IndexOf((byte)'\r');
        if ((end < 0 ? rest.Length : end) > RespLimits.LineBytes)
        {
            throw LineTooLong(taken);
        }

        if (end < 0 || end + 1 == rest.Length)
        {
            return false;
        }

        var text = rest[1..end];
        if (rest[end + 1] != '\n' || text.Contains((byte)'\n'))
        {
            throw Malformed("a line that does not end in CR LF", taken);
        }

        var valid = (RespType)rest[0] switch
        {
            RespType.Integer => RespNumber.TryParseInteger(text, out _),
            RespType.Null => text.IsEmpty,
            RespType.Boolean => text is [(byte)'t' or (byte)'f'],
            RespType.Double => RespNumber.TryParseDouble(text, out _),
            RespType.BigNumber => RespNumber.IsBigNumber(text),
            _ => true,
        };
        taken += valid ? end + 2 : throw Malformed("a number, a boolean or a null that is none", taken);
        return true;
    }

    /// <summary>Reads the number of a length or count line.</summary>
    private bool TryReadNumber(ReadOnlySpan<byte> rest, int taken, out long number, out int line)
    {
        number = 0;
        line = 1;
        if (rest is [_, (byte)'-', ..])
        {
            var minusOne = rest[1..Math.Min(rest.Length, MinusOne.Length + 1)];
            number = MinusOne.StartsWith(minusOne) ? -1 : throw NoNumber(rest[1], taken);
            line += minusOne.Length;
            return minusOne.Length == MinusOne.Length;
        }

        while (line < rest.Length && (uint)(rest[line] - '0') <= 9)
        {
            number = (10 * number) + (rest[line++] - '0');
            if (line > MaximumDigits)
            {
                throw Malformed("a length or a count of too many digits", taken);
            }
        }

        if (line == rest.Length)
        {
            return false;
        }

        if (line == 1 || rest[line] != '\r' || (line + 1 < rest.Length && rest[line + 1] != '\n'))
        {
            throw NoNumber(rest[line], taken);
        }

        line += 2;
        return line <= rest.Length;
    }

    /// <summary>Checks that a verbatim string begins with its format, three letters and a colon.</summary>
    /// <returns>False: these four bytes are not all there.</returns>
    private bool TryCheckFormat(long length, ReadOnlySpan<byte> payload, int taken)
    {
        if (length >= FormatBytes && payload.Length < FormatBytes)
        {
            return false;
        }

        return length >= FormatBytes && payload[FormatBytes - 1] == ':' ? true : throw Malformed("a verbatim string without its format", taken);
    }

    // The errors have methods of their own: their texts would cost the methods above, which are run for each value, a larger frame.
    private RedisProtocolException NoType(byte found, int taken) => Malformed($"a value of no type, which begins with the byte 0x{found:x2}", taken);

    private RedisProtocolException NoNumber(byte found, int taken) => Malformed(
        found == '?' ? "a streamed string or aggregate, which is not supported" : "a length or a count that is no number", taken);

    private RedisProtocolException TooLong(int taken) =>
        Malformed($"too much: a reply may have {limits.Bytes} bytes in all (MaximumReplyBytes)", taken);

    private RedisProtocolException TooLong(long length, int taken) =>
        Malformed($"a length of {length}: a reply may have {limits.Bytes} bytes in all (MaximumReplyBytes)", taken);

    private RedisProtocolException TooMany(long count, int taken) =>
        Malformed($"a count of {count}: a reply may have {limits.Elements} values in all (MaximumReplyElements)", taken);

    private RedisProtocolException TooDeep(int taken) => Malformed($"nesting deeper than {limits.Depth} (MaximumReplyDepth)", taken);

    private RedisProtocolException LineTooLong(int taken) => Malformed($"a line of over {RespLimits.LineBytes} bytes", taken);

    private RedisProtocolException Malformed(string what, int taken) => new($"The server sent {what}, at byte {_bytes + taken} of a reply.");
}
