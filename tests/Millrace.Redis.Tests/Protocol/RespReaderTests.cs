using System.Buffers;
using System.Globalization;
using System.Text;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>The typed reads: what each takes, and what it says to the rest.</summary>
public sealed class RespReaderTests
{
    private static readonly Dictionary<string, Func<ReadOnlySequence<byte>, object?>> Reads = new(StringComparer.Ordinal)
    {
        ["int64"] = static bytes => new RespReader(bytes).ReadInt64(),
        ["double"] = static bytes => new RespReader(bytes).ReadDouble(),
        ["boolean"] = static bytes => new RespReader(bytes).ReadBoolean(),
        ["string"] = static bytes => new RespReader(bytes).ReadString() ?? "null",
        ["array"] = static bytes => new RespReader(bytes).ReadBytes() is { } read ? Encoding.Latin1.GetString(read) : "null",
        ["span"] = static bytes =>
        {
            Span<byte> three = [(byte)'_', (byte)'_', (byte)'_'];
            var length = new RespReader(bytes).ReadBytes(three);
            return string.Create(CultureInfo.InvariantCulture, $"{length} {Encoding.Latin1.GetString(three)}");
        },
        ["writer"] = static bytes =>
        {
            var writer = new ArrayBufferWriter<byte>();
            var length = new RespReader(bytes).ReadBytes(writer);
            return string.Create(CultureInfo.InvariantCulture, $"{length} {Encoding.Latin1.GetString(writer.WrittenSpan)}");
        },
        ["header"] = static bytes => new RespReader(bytes).ReadAggregateHeader(),
        ["error"] = static bytes => new RespReader(bytes).ReadError().Message,
        ["flags"] = static bytes =>
        {
            var reader = new RespReader(bytes);
            return $"{reader.Type}{(reader.IsNull ? " null" : "")}{(reader.IsError ? " error" : "")}{(reader.IsAggregate ? " aggregate" : "")}";
        },
        ["skip"] = static bytes =>
        {
            var reader = new RespReader(bytes);
            reader.Skip();
            return reader.Type;
        },
    };

    [Theory]
    [InlineData("int64", ":-5\r\n", -5L)]
    [InlineData("int64", "$2\r\n17\r\n", 17L)]
    [InlineData("int64", "=6\r\ntxt:17\r\n", 17L)]
    [InlineData("int64", "+17\r\n", 17L)]
    [InlineData("int64", "(17\r\n", 17L)]
    [InlineData("int64", "#t\r\n", 1L)]
    [InlineData("int64", "#f\r\n", 0L)]
    [InlineData("int64", "|1\r\n+k\r\n+v\r\n:1\r\n", 1L)]
    [InlineData("double", ",-1.5\r\n", -1.5)]
    [InlineData("double", ":3\r\n", 3.0)]
    [InlineData("double", "$4\r\n2.25\r\n", 2.25)]
    [InlineData("double", "$3\r\ninf\r\n", double.PositiveInfinity)]
    [InlineData("double", "+-inf\r\n", double.NegativeInfinity)]
    [InlineData("double", "(12\r\n", 12.0)]
    [InlineData("boolean", "#t\r\n", true)]
    [InlineData("boolean", "#f\r\n", false)]
    [InlineData("boolean", ":1\r\n", true)]
    [InlineData("boolean", ":0\r\n", false)]
    [InlineData("boolean", "+OK\r\n", true)]
    [InlineData("boolean", "$1\r\n1\r\n", true)]
    [InlineData("boolean", "$-1\r\n", false)]
    [InlineData("boolean", "_\r\n", false)]
    [InlineData("string", "$4\r\nh\u00c3\u00a9!\r\n", "h\u00e9!")]
    [InlineData("string", "$2\r\n\u00ff!\r\n", "\ufffd!")]
    [InlineData("string", "=7\r\ntxt:abc\r\n", "abc")]
    [InlineData("string", "+PONG\r\n", "PONG")]
    [InlineData("string", "+\r\n", "")]
    [InlineData("string", ":12\r\n", "12")]
    [InlineData("string", ",1e3\r\n", "1e3")]
    [InlineData("string", "#t\r\n", "t")]
    [InlineData("string", "$0\r\n\r\n", "")]
    [InlineData("string", "$-1\r\n", "null")]
    [InlineData("string", "_\r\n", "null")]
    [InlineData("array", "$3\r\na\r\n\r\n", "a\r\n")]
    [InlineData("array", "=4\r\ntxt:\r\n", "")]
    [InlineData("array", "*-1\r\n", "null")]
    [InlineData("span", "$2\r\nab\r\n", "2 ab_")]
    [InlineData("span", "$3\r\nabc\r\n", "3 abc")]
    [InlineData("span", "$5\r\nabcde\r\n", "5 abc")]
    [InlineData("span", "$0\r\n\r\n", "0 ___")]
    [InlineData("span", "+abcd\r\n", "4 abc")]
    [InlineData("span", "_\r\n", "-1 ___")]
    [InlineData("writer", "$5\r\nabcde\r\n", "5 abcde")]
    [InlineData("writer", "$-1\r\n", "-1 ")]
    [InlineData("header", "*2\r\n", 2)]
    [InlineData("header", "~0\r\n", 0)]
    [InlineData("header", ">7\r\n", 7)]
    [InlineData("header", "%3\r\n", 6)]
    [InlineData("header", "%1073741823\r\n", 2_147_483_646)]
    [InlineData("header", "*2147483647\r\n", int.MaxValue)]
    [InlineData("header", "*0000000000012\r\n", 12)]
    [InlineData("header", "*-1\r\n", -1)]
    [InlineData("header", "$-1\r\n", -1)]
    [InlineData("header", "_\r\n", -1)]
    [InlineData("error", "-ERR one\r\n", "ERR one")]
    [InlineData("error", "!5\r\nERR 2\r\n", "ERR 2")]
    [InlineData("flags", "", "None")]
    [InlineData("flags", "*0\r\n", "Array aggregate")]
    [InlineData("flags", "*-1\r\n", "Array null")]
    [InlineData("flags", "$-1\r\n", "BulkString null")]
    [InlineData("flags", "|1\r\n+a\r\n%0\r\n!1\r\nx\r\n", "BulkError error")]
    [InlineData("flags", "%0\r\n", "Map aggregate")]
    [InlineData("flags", "|0\r\n>1\r\n+a\r\n", "Push aggregate")]
    [InlineData("skip", "|1\r\n|1\r\n+a\r\n+b\r\n+k\r\n*1\r\n|0\r\n+v\r\n%1\r\n|0\r\n+a\r\n*2\r\n-E\r\n!1\r\nx\r\n", RespType.None)]
    [InlineData("skip", "*-1\r\n:1\r\n", RespType.Integer)]
    [InlineData("skip", "-ERR x\r\n+a\r\n", RespType.SimpleString)]
    public void A_value_is_read_however_it_is_segmented(string read, string wire, object expected)
    {
        var bytes = Replies.Bytes(wire);
        Assert.Equal(expected, Reads[read](new ReadOnlySequence<byte>(bytes)));
        Assert.Equal(expected, Reads[read](Replies.Bytewise(bytes)));
        for (var first = 0; first <= bytes.Length; first++)
        {
            for (var second = first; second <= bytes.Length; second++)
            {
                Assert.Equal(expected, Reads[read](Replies.Cut(bytes, first, second)));
            }
        }
    }

    [Theory]
    [InlineData("int64", "$1\r\nx\r\n", "a whole number was expected where other text stands")]
    [InlineData("int64", "$3\r\n1.5\r\n", "a whole number was expected where other text stands")]
    [InlineData("int64", "$0\r\n\r\n", "a whole number was expected where other text stands")]
    [InlineData("int64", "$-1\r\n", "a whole number was expected where Null stands")]
    [InlineData("int64", "_\r\n", "a whole number was expected where Null stands")]
    [InlineData("int64", ",1\r\n", "a whole number was expected where Double stands")]
    [InlineData("int64", "*0\r\n", "a whole number was expected where Array stands")]
    [InlineData("int64", "(99999999999999999999\r\n", "a whole number was expected where other text stands")]
    [InlineData("double", "+one\r\n", "a number was expected where other text stands")]
    [InlineData("double", "$-1\r\n", "a number was expected where Null stands")]
    [InlineData("double", "#t\r\n", "a number was expected where Boolean stands")]
    [InlineData("boolean", ":2\r\n", "true or false was expected where Integer stands")]
    [InlineData("boolean", "+QUEUED\r\n", "true or false was expected where SimpleString stands")]
    [InlineData("boolean", "%0\r\n", "true or false was expected where Map stands")]
    [InlineData("boolean", ",1\r\n", "true or false was expected where Double stands")]
    [InlineData("string", "*0\r\n", "text or bytes was expected where Array stands")]
    [InlineData("array", ">1\r\n+a\r\n", "text or bytes was expected where Push stands")]
    [InlineData("header", "$1\r\na\r\n", "a list or pairs was expected where BulkString stands")]
    [InlineData("header", ":1\r\n", "a list or pairs was expected where Integer stands")]
    [InlineData("error", "+OK\r\n", "an error was expected where SimpleString stands")]
    [InlineData("int64", "", "it ends where a whole number was expected")]
    [InlineData("double", "", "it ends where a number was expected")]
    [InlineData("boolean", "", "it ends where true or false was expected")]
    [InlineData("string", "", "it ends where text or bytes was expected")]
    [InlineData("array", "|1\r\n+k\r\n+v\r\n", "it ends where text or bytes was expected")]
    [InlineData("header", "", "it ends where a list or pairs was expected")]
    [InlineData("error", "", "it ends where an error was expected")]
    [InlineData("skip", "", "it ends where a value was expected")]
    [InlineData("skip", "*2\r\n:1\r\n", "it ends where a value was expected")]
    [InlineData("skip", "|0\r\n", "it ends where a value was expected")]
    [InlineData("string", "$5\r\nabc", "no whole reply")]
    [InlineData("array", "$2147483647\r\nabc\r\n", "no whole reply")]
    [InlineData("array", "$2147483648\r\nabc\r\n", "no whole reply")]
    [InlineData("array", "$4294967299\r\nabc\r\n", "no whole reply")]
    [InlineData("array", "$99999999999999999999\r\nabc\r\n", "no whole reply")]
    [InlineData("array", "$\r\nabc\r\n", "no whole reply")]
    [InlineData("array", "$3", "no whole reply")]
    [InlineData("array", "$3\r", "no whole reply")]
    [InlineData("array", "$3\r\nabc", "no whole reply")]
    [InlineData("array", "$3\r\nabc\r", "no whole reply")]
    [InlineData("array", "$", "no whole reply")]
    [InlineData("string", "=3\r\ntxt\r\n", "no whole reply")]
    [InlineData("string", "+abc", "no whole reply")]
    [InlineData("string", "+abc\r", "no whole reply")]
    [InlineData("int64", ":1", "no whole reply")]
    [InlineData("header", "%1073741824\r\n", "no whole reply")]
    [InlineData("header", "%4294967295\r\n", "no whole reply")]
    [InlineData("header", "%-1\r\n", "no whole reply")]
    [InlineData("skip", "~-1\r\n", "no whole reply")]
    [InlineData("skip", "$9\r\na\r\n", "no whole reply")]
    [InlineData("flags", "|x\r\n", "no whole reply")]
    [InlineData("skip", "x\r\n", "a value was expected")]
    [InlineData("skip", "\r\n", "a value was expected")]
    [InlineData("skip", "\0", "a value was expected")]
    public void What_is_of_another_type_or_not_all_there_is_refused_clearly(string read, string wire, string message)
    {
        var bytes = Replies.Bytes(wire);
        for (var first = 0; first <= bytes.Length; first++)
        {
            for (var second = first; second <= bytes.Length; second++)
            {
                var error = Assert.Throws<RedisException>(() => Reads[read](Replies.Cut(bytes, first, second)));
                Assert.Contains(message, error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Contains(message, Assert.Throws<RedisException>(() => Reads[read](Replies.Bytewise(bytes))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("int64")]
    [InlineData("double")]
    [InlineData("boolean")]
    [InlineData("string")]
    [InlineData("array")]
    [InlineData("span")]
    [InlineData("writer")]
    [InlineData("header")]
    public void An_error_in_the_place_of_a_value_is_thrown(string read)
    {
        foreach (var wire in new[] { "-WRONGTYPE not that\r\n", "!18\r\nWRONGTYPE not that\r\n", "|1\r\n+k\r\n+v\r\n-WRONGTYPE not that\r\n" })
        {
            foreach (var bytes in new[] { new ReadOnlySequence<byte>(Replies.Bytes(wire)), Replies.Bytewise(Replies.Bytes(wire)) })
            {
                var error = Assert.Throws<RedisServerException>(() => Reads[read](bytes));
                Assert.Equal(("WRONGTYPE not that", "WRONGTYPE"), (error.Message, error.Code));
            }
        }
    }

    [Fact]
    public void The_errors_inside_an_aggregate_can_be_read_or_stepped_over()
    {
        var reader = new RespReader(new ReadOnlySequence<byte>(Replies.Bytes("*4\r\n+OK\r\n-ERR one\r\n!7\r\nERR two\r\n:4\r\n")));
        Assert.Equal(4, reader.ReadAggregateHeader());
        reader.Skip();
        Assert.True(reader.IsError);
        Assert.Equal("ERR one", reader.ReadError().Message);
        reader.Skip();
        Assert.Equal(4, reader.ReadInt64());
        Assert.False(reader.IsError);
    }

    [Fact]
    public void A_length_that_lies_makes_room_for_nothing()
    {
        var lie = Replies.Cut(Replies.Bytes("$2000000000\r\nabc\r\n"), 14);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<RedisException>(() => new RespReader(lie).ReadBytes());
        Assert.Throws<RedisException>(() => new RespReader(lie).ReadString());
        Assert.Throws<RedisException>(() => new RespReader(lie).ReadBytes(new byte[3]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_reader_of_nothing_has_nothing()
    {
        Assert.Equal(RespType.None, default(RespReader).Type);
        Assert.Throws<RedisException>(() => default(RespReader).Skip());
        Assert.Throws<RedisException>(() => default(RespReader).ReadString());
        Assert.False(default(RespReader).TryReadNull());
    }
}
