using System.Buffers;
using System.Text;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>
/// Reads one complete reply, value by value, forwards only, without allocating. Aggregates are read as a header that tells how many values
/// follow. It lives on the thread that receives: what a parser wants to keep it copies. Attributes are stepped over. A value of another
/// type than asked for, or none, throws <see cref="RedisException"/>, an error in the place of a value <see cref="RedisServerException"/>;
/// after an exception the reader's place is not defined.
/// </summary>
public ref struct RespReader
{
    private const int MaximumNumberBytes = 64;
    private const int SafeDigits = 9; // of a length that fits 32 bits whatever they are
    private const int FormatBytes = 4; // txt:

    private ReadOnlySequence<byte> _rest; // from the segment that is being read on
    private ReadOnlySpan<byte> _span;     // that segment
    private int _position;                // in it

    /// <summary>Begins to read.</summary>
    /// <param name="reply">The bytes of one or more whole values.</param>
    public RespReader(in ReadOnlySequence<byte> reply)
    {
        _rest = reply;
        _span = reply.FirstSpan;
    }

    /// <summary>The type of the next value; <see cref="RespType.None"/> at the end.</summary>
    public RespType Type
    {
        get
        {
            var first = Peek();
            return first == (byte)RespType.Attribute ? SkipAttributes() : (RespType)first;
        }
    }

    /// <summary>Whether the next value is null, in RESP3's or RESP2's way.</summary>
    public bool IsNull => IsNullOf(Type);

    /// <summary>Whether the next value is an error.</summary>
    public bool IsError => Type is RespType.Error or RespType.BulkError;

    /// <summary>Whether the next value is a list, a set, a push or pairs.</summary>
    public bool IsAggregate => Type is RespType.Set or RespType.Push or RespType.Map || (Type is RespType.Array && PeekSecond() != '-');

    /// <summary>Steps over a null if one comes next.</summary>
    /// <returns>Whether one did.</returns>
    public bool TryReadNull()
    {
        if (!IsNull)
        {
            return false;
        }

        SkipLine();
        return true;
    }

    /// <summary>Reads a whole number, also one that is sent as text or as a boolean.</summary>
    /// <exception cref="RedisException">Something else comes next.</exception>
    public long ReadInt64()
    {
        const string Wanted = "a whole number";
        var type = Expect();
        switch (type)
        {
            case RespType.Integer:
                return RespNumber.TryParseInteger(Line(), out var integer) ? integer : throw ReplyErrors.NoNumber(Wanted);
            case RespType.Boolean:
                return Line() is [(byte)'t'] ? 1 : 0;
            case RespType.BulkString or RespType.SimpleString or RespType.VerbatimString or RespType.BigNumber when !IsNullOf(type):
                return RespNumber.TryParseInteger(Short(), out var text) ? text : throw ReplyErrors.NoNumber(Wanted);
            default:
                throw ReplyErrors.Unexpected(Wanted, IsNullOf(type) ? RespType.Null : type);
        }
    }

    /// <summary>Reads a number, also one that is sent as text.</summary>
    /// <exception cref="RedisException">Something else comes next.</exception>
    public double ReadDouble()
    {
        const string Wanted = "a number";
        var type = Expect();
        switch (type)
        {
            case RespType.Double or RespType.Integer or RespType.BigNumber:
                return RespNumber.TryParseDouble(Line(), out var number) ? number : throw ReplyErrors.NoNumber(Wanted);
            case RespType.BulkString or RespType.SimpleString or RespType.VerbatimString when !IsNullOf(type):
                return RespNumber.TryParseDouble(Short(), out var text) ? text : throw ReplyErrors.NoNumber(Wanted);
            default:
                throw ReplyErrors.Unexpected(Wanted, IsNullOf(type) ? RespType.Null : type);
        }
    }

    /// <summary>Reads true or false: RESP3's booleans, the whole numbers 1 and 0, the line <c>OK</c>; null is false.</summary>
    /// <exception cref="RedisException">Something else comes next.</exception>
    public bool ReadBoolean()
    {
        const string Wanted = "true or false";
        var type = Expect();
        if (IsNullOf(type))
        {
            SkipLine();
            return false;
        }

        return type switch
        {
            RespType.SimpleString => Line().SequenceEqual("OK"u8) ? true : throw ReplyErrors.Unexpected(Wanted, type),
            RespType.Boolean or RespType.Integer or RespType.BulkString => ReadInt64() switch
            {
                0 => false,
                1 => true,
                _ => throw ReplyErrors.Unexpected(Wanted, type),
            },
            _ => throw ReplyErrors.Unexpected(Wanted, type),
        };
    }

    /// <summary>Reads text; numbers and booleans as they stand on the wire. Bytes that are no UTF-8 become replacement characters.</summary>
    /// <returns>The text; null for null.</returns>
    /// <exception cref="RedisException">An aggregate or an error comes next.</exception>
    public string? ReadString()
    {
        if (!TryEnter(out var length))
        {
            return null;
        }

        var text = length <= _span.Length - _position
            ? Encoding.UTF8.GetString(_span.Slice(_position, length))
            : Encoding.UTF8.GetString(Ahead(length));
        Advance(length + 2L);
        return text;
    }

    /// <summary>Reads bytes into a new array.</summary>
    /// <returns>The bytes; null for null.</returns>
    /// <exception cref="RedisException">An aggregate or an error comes next.</exception>
    public byte[]? ReadBytes()
    {
        if (!TryEnter(out var length))
        {
            return null;
        }

        // What the reply has not got must not be made room for.
        var content = length <= _span.Length - _position ? default : Ahead(length);
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        Leave(content, bytes, length);
        return bytes;
    }

    /// <summary>Reads bytes without copying them: they are valid only until the parser returns.</summary>
    /// <param name="content">The bytes; empty for null.</param>
    /// <returns>Whether there is a value: false for null.</returns>
    /// <exception cref="RedisException">An aggregate or an error comes next.</exception>
    public bool TryReadContent(out ReadOnlySequence<byte> content)
    {
        if (!TryEnter(out var length))
        {
            content = default;
            return false;
        }

        content = Ahead(length);
        Advance(length + 2L);
        return true;
    }

    /// <summary>Reads bytes into memory of the caller's.</summary>
    /// <param name="destination">Where they go; when it is too short, as many as fit.</param>
    /// <returns>The length of the whole value, which may exceed the destination's; -1 for null.</returns>
    /// <exception cref="RedisException">An aggregate or an error comes next.</exception>
    public int ReadBytes(scoped Span<byte> destination)
    {
        if (!TryEnter(out var length))
        {
            return -1;
        }

        Leave(length <= _span.Length - _position ? default : Ahead(length), destination, length);
        return length;
    }

    /// <summary>Reads bytes into a writer.</summary>
    /// <param name="destination">Where they go.</param>
    /// <returns>Their number; -1 for null.</returns>
    /// <exception cref="RedisException">An aggregate or an error comes next.</exception>
    public int ReadBytes(IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (!TryReadContent(out var content))
        {
            return -1;
        }

        foreach (var part in content)
        {
            destination.Write(part.Span);
        }

        return (int)content.Length;
    }

    /// <summary>Reads the header of a list, a set, a push or pairs; its values come next.</summary>
    /// <returns>How many values come, keys and values of pairs counted each; -1 for null.</returns>
    /// <exception cref="RedisException">Something else comes next.</exception>
    public int ReadAggregateHeader()
    {
        var type = Expect();
        switch (type)
        {
            case RespType.Array or RespType.Set or RespType.Push:
                return IsNullOf(type) ? SkipNull() : Length();
            case RespType.Map:
                var pairs = Length();
                return pairs <= int.MaxValue / 2 ? 2 * pairs : throw ReplyErrors.Malformed("more pairs than can be counted");
            default:
                return IsNullOf(type) ? SkipNull() : throw ReplyErrors.Unexpected("a list or pairs", type);
        }
    }

    /// <summary>Steps over the next value, all of it.</summary>
    /// <exception cref="RedisException">There is none, or not all of it.</exception>
    public void Skip()
    {
        for (long values = 1; values > 0;)
        {
            values += SkipOne() - 1;
        }
    }

    /// <summary>Takes the next value as it stands, all of it; attributes before it are stepped over.</summary>
    /// <exception cref="RedisException">There is none, or not all of it.</exception>
    internal ReadOnlySequence<byte> TakeValue()
    {
        _ = Type;
        var before = _rest.Slice(_position);
        Skip();
        return before.Slice(0, before.Length - _rest.Slice(_position).Length);
    }

    /// <summary>Reads an error.</summary>
    /// <returns>The exception to throw.</returns>
    /// <exception cref="RedisException">Something else comes next.</exception>
    public RedisServerException ReadError()
    {
        var type = Type;
        switch (type)
        {
            case RespType.Error:
                return ReplyErrors.OfServer(Encoding.UTF8.GetString(Line()));
            case RespType.BulkError:
                var length = Length();
                var text = Encoding.UTF8.GetString(Ahead(length));
                Advance(length + 2L);
                return ReplyErrors.OfServer(text);
            default:
                throw ReplyErrors.Unexpected("an error", type);
        }
    }

    private RespType Expect()
    {
        var type = Type;
        return type is RespType.Error or RespType.BulkError ? throw ReadError() : type;
    }

    private bool IsNullOf(RespType type) =>
        type is RespType.Null || (type is RespType.BulkString or RespType.Array && PeekSecond() == '-');

    private int SkipNull()
    {
        SkipLine();
        return -1;
    }

    private RespType SkipAttributes()
    {
        while (Peek() == (byte)RespType.Attribute)
        {
            for (var values = 2L * Length(); values > 0;)
            {
                values += SkipOne() - 1;
            }
        }

        return (RespType)Peek();
    }

    /// <summary>Steps over a scalar, or over an aggregate's header.</summary>
    /// <returns>How many values the aggregate has; for an attribute, the value that it belongs to too.</returns>
    private long SkipOne()
    {
        var type = (RespType)Peek();
        switch (type)
        {
            case RespType.Attribute:
                return 1 + (2L * Length());
            case RespType.Map:
                return 2L * Length();
            case RespType.Array or RespType.Set or RespType.Push when !IsNullOf(type):
                return Length();
            case RespType.BulkString or RespType.BulkError or RespType.VerbatimString when !IsNullOf(type):
                Advance(Length() + 2L);
                return 0;
            case RespType.Array or RespType.BulkString or RespType.SimpleString or RespType.Error or RespType.Integer or RespType.Null
                or RespType.Boolean or RespType.Double or RespType.BigNumber:
                SkipLine();
                return 0;
            default:
                throw ReplyErrors.Unexpected("a value", type);
        }
    }

    /// <summary>Steps to the content of a text, bytes or a scalar; after it come two bytes of line end.</summary>
    /// <param name="length">How long the content is; it may go on in the next segments.</param>
    /// <returns>False for null, which has been stepped over.</returns>
    private bool TryEnter(out int length)
    {
        var type = Expect();
        switch (type)
        {
            case RespType.BulkString when PeekSecond() != '-':
                length = Length();
                return true;
            case RespType.VerbatimString:
                length = Length() - FormatBytes;
                if (length < 0)
                {
                    throw ReplyErrors.Malformed("a verbatim string without its format");
                }

                Advance(FormatBytes);
                return true;
            case RespType.SimpleString or RespType.Integer or RespType.Double or RespType.BigNumber or RespType.Boolean:
                length = LineLength() - 1;
                Advance(1);
                return true;
            default:
                length = IsNullOf(type) ? SkipNull() : throw ReplyErrors.Unexpected("text or bytes", type);
                return false;
        }
    }

    /// <summary>Copies as much of the content as fits, and steps behind it.</summary>
    /// <param name="content">The content when it lies in several segments; else empty.</param>
    /// <param name="destination">Where it goes.</param>
    /// <param name="length">Its length.</param>
    private void Leave(in ReadOnlySequence<byte> content, scoped Span<byte> destination, int length)
    {
        var copied = Math.Min(length, destination.Length);
        if (content.IsEmpty)
        {
            _span.Slice(_position, copied).CopyTo(destination);
        }
        else
        {
            content.Slice(0, copied).CopyTo(destination);
        }

        Advance(length + 2L);
    }

    /// <summary>The number of a length or count line, which is stepped over.</summary>
    private int Length()
    {
        var span = _span;
        var start = _position + 1;
        var at = start;
        var number = 0;
        while (at < span.Length && (uint)(span[at] - '0') <= 9)
        {
            number = (10 * number) + (span[at++] - '0');
        }

        if (at + 1 < span.Length && span[at] == '\r' && (uint)(at - start - 1) < SafeDigits)
        {
            _position = at + 2;
            return number;
        }

        return RespNumber.TryParseInteger(Line(), out var whole) && whole is >= 0 and <= int.MaxValue
            ? (int)whole : throw ReplyErrors.Malformed("a length or a count that is none");
    }

    /// <summary>The text of a line, which is short and stepped over; the type and CR LF are left out.</summary>
    private ReadOnlySpan<byte> Line()
    {
        var length = LineLength();
        if (length + 2 <= _span.Length - _position)
        {
            var text = _span.Slice(_position + 1, length - 1);
            _position += length + 2;
            return text;
        }

        var copy = Ahead(length).Slice(1).ToArray();
        Advance(length + 2);
        return copy;
    }

    private void SkipLine() => Advance(LineLength() + 2);

    /// <summary>How long a line is, its type counted, its CR LF not.</summary>
    private int LineLength()
    {
        var length = _span[_position..].IndexOf((byte)'\r');
        if (length < 0)
        {
            var rest = _rest.Slice(_position);
            length = rest.PositionOf((byte)'\r') is { } end ? (int)rest.Slice(0, end).Length : throw ReplyErrors.Malformed("a line without an end");
        }

        return length > 0 ? length : throw ReplyErrors.Malformed("a line without a type");
    }

    /// <summary>A text of any textual type, not null; one that is too long for a number is empty, which is no number.</summary>
    private ReadOnlySpan<byte> Short()
    {
        TryEnter(out var length);
        if (length + 2L <= _span.Length - _position)
        {
            var text = _span.Slice(_position, length);
            _position += length + 2;
            return text;
        }

        var content = Ahead(length);
        Advance(length + 2L);
        return length <= MaximumNumberBytes ? content.ToArray() : [];
    }

    /// <summary>The next bytes.</summary>
    private readonly ReadOnlySequence<byte> Ahead(int count)
    {
        if (count <= _span.Length - _position)
        {
            return _rest.Slice(_position, count);
        }

        var rest = _rest.Slice(_position);
        return count <= rest.Length ? rest.Slice(0, count) : throw ReplyErrors.Malformed("a length that exceeds them");
    }

    private void Advance(long count)
    {
        if (count <= _span.Length - _position)
        {
            _position += (int)count;
            return;
        }

        var rest = _rest.Slice(_position);
        MoveTo(count <= rest.Length ? rest.Slice(count) : throw ReplyErrors.Malformed("a value without its end"));
    }

    private byte Peek() => _position < _span.Length ? _span[_position] : PeekFurther();

    private byte PeekFurther()
    {
        while (!_rest.IsSingleSegment)
        {
            var next = _rest.Start;
            _rest.TryGet(ref next, out _);
            MoveTo(_rest.Slice(next)); // which may be empty in a sequence of the caller's
            if (!_span.IsEmpty)
            {
                return _span[0];
            }
        }

        return 0;
    }

    private readonly byte PeekSecond()
    {
        if (_position + 1 < _span.Length)
        {
            return _span[_position + 1];
        }

        var rest = _rest.Slice(_position);
        return rest.Length > 1 ? rest.Slice(1, 1).FirstSpan[0] : (byte)0;
    }

    private void MoveTo(in ReadOnlySequence<byte> rest)
    {
        _rest = rest;
        _span = rest.FirstSpan;
        _position = 0;
    }
}
