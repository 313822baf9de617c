using System.Buffers;
using System.Globalization;
using System.Text;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>Commands as they are written, beside the plainest way to write them; and the slots of keys.</summary>
public sealed class CommandTests
{
    private static readonly CommandName Name = CommandName.Write("CLIENT NO-EVICT");

    public static TheoryData<string> Texts { get; } =
        ["", "a", "h\u00e9llo", "\r\n$3\r\n", "\ud83d\ude00", "\ud83d", "\ude00\ud83d", "x\ud800y", new string('a', 128), new string('\u20ac', 128), new string('a', 129),
            new string('\uffff', 129), new string('\ud800', 129), new string('z', 70_000), new string('\u20ac', 70_000), "nul\0nul"];

    [Theory]
    [MemberData(nameof(Texts))]
    public void Text_is_written_as_utf8(string text)
    {
        Check(text, Encoding.UTF8.GetBytes(text));
        Check(new RedisKey(text), Encoding.UTF8.GetBytes(text));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(9, "9")]
    [InlineData(10, "10")]
    [InlineData(-1, "-1")]
    [InlineData(int.MinValue, "-2147483648")]
    [InlineData(int.MaxValue, "2147483647")]
    public void Whole_numbers_are_written_in_decimal(int number, string text) => Check(number, Encoding.ASCII.GetBytes(text));

    [Theory]
    [InlineData(long.MinValue, "-9223372036854775808")]
    [InlineData(long.MaxValue, "9223372036854775807")]
    [InlineData(1L << 40, "1099511627776")]
    public void Long_numbers_are_written_in_decimal(long number, string text) => Check(number, Encoding.ASCII.GetBytes(text));

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(-0.0, "-0")]
    [InlineData(1.0, "1")]
    [InlineData(1e20, "1E+20")]
    [InlineData(double.Epsilon, "5E-324")]
    [InlineData(double.MinValue, "-1.7976931348623157E+308")]
    [InlineData(-2.2250738585072014E-308, "-2.2250738585072014E-308")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    [InlineData(double.NaN, "NaN")]
    public void Doubles_are_written_in_the_shortest_form_that_reads_back(double number, string text) => Check(number, Encoding.ASCII.GetBytes(text));

    [Fact]
    public void Random_doubles_read_back_as_they_were_in_any_culture()
    {
        var random = new Random(3);
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            for (var i = 0; i < 20_000; i++)
            {
                var number = BitConverter.Int64BitsToDouble(random.NextInt64());
                if (double.IsFinite(number))
                {
                    Assert.True(RespNumber.TryParseDouble(Argument(number), out var read) && read.Equals(number), number.ToString("R", CultureInfo.InvariantCulture));
                }
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Bytes_are_written_from_where_they_are()
    {
        byte[] bytes = [.. Enumerable.Range(0, 100_000).Select(static i => (byte)i)];
        Check(bytes, bytes);
        Check((byte[])null!, []);
        Check(default, []);
        Check(new RedisKey(), []);
        Check(ReadOnlyMemory<byte>.Empty, []);
        Check(bytes.AsMemory(77_777, 3), bytes[77_777..77_780]);
        Check((ReadOnlyMemory<byte>)bytes.AsMemory(5), bytes[5..]);
        Check(new RedisKey(bytes.AsMemory(1, 2)), bytes[1..3]);

        using var manager = new Native(bytes);
        Check(manager.Memory, bytes);
        Check(manager.Memory.Slice(30_000, 40_000), bytes[30_000..70_000]);
        Check(manager.Memory[..0], []);
        Check(new RedisKey(manager.Memory.Slice(99_999, 1)), bytes[99_999..]);
    }

    [Fact]
    public void Each_word_of_a_name_is_a_part_and_counted_in_bytes()
    {
        Assert.Equal("*1\r\n$3\r\nGET\r\n", Encoding.UTF8.GetString(Write(CommandName.Read("GET"))));
        Assert.Equal("*3\r\n$6\r\nCLIENT\r\n$8\r\nNO-EVICT\r\n$1\r\n1\r\n", Encoding.UTF8.GetString(Write(Name, 1)));
        Assert.Equal("*2\r\n$7\r\nm\u00e9l\u20ac\r\n$2\r\n\u00e9\r\n", Encoding.UTF8.GetString(Write(CommandName.Read("m\u00e9l\u20ac \u00e9"))));
    }

    [Fact]
    public void Random_commands_are_written_as_the_reference_writes_them_and_never_longer_than_said()
    {
        var random = new Random(11);
        using var manager = new Native(new byte[300]);
        for (var round = 0; round < 5_000; round++)
        {
            var arguments = new RedisArgument[random.Next(14)];
            var expected = new byte[arguments.Length][];
            for (var i = 0; i < arguments.Length; i++)
            {
                (arguments[i], expected[i]) = Any(random, manager);
            }

            var written = Write(Name, arguments);
            Assert.True(written.AsSpan().SequenceEqual(Reference("CLIENT NO-EVICT", expected)), $"round {round}");
        }
    }

    [Theory]
    [InlineData("123456789", 12739)]
    [InlineData("", 0)]
    [InlineData("foo", 12182)]
    [InlineData("bar", 5061)]
    [InlineData("{user1000}.following", 3443)]
    [InlineData("{user1000}.followers", 3443)]
    [InlineData("user1000", 3443)]
    public void A_key_has_the_slot_of_the_cluster_specification(string key, int slot)
    {
        Assert.Equal(slot, HashSlot.Of(new RedisKey(key).Argument));
        Assert.Equal(slot, HashSlot.Of(new RedisKey(Encoding.UTF8.GetBytes(key)).Argument));
    }

    [Theory]
    [InlineData("foo{}{bar}", "foo{}{bar}")] // an empty tag: the whole key
    [InlineData("foo{{bar}}zap", "{bar")]
    [InlineData("foo{bar}{zap}", "bar")]
    [InlineData("{foo", "{foo")]
    [InlineData("}foo{bar}", "bar")]
    [InlineData("foo}{", "foo}{")]
    [InlineData("{\u20ac}x", "\u20ac")]
    [InlineData("{}", "{}")]
    public void The_tag_of_a_key_decides_as_the_specification_says(string key, string hashed)
    {
        Assert.Equal(Crc16(Encoding.UTF8.GetBytes(hashed)) % 16_384, HashSlot.Of(new RedisKey(key).Argument));
        var longKey = key + new string('\u20ac', 300);
        if (hashed != key)
        {
            Assert.Equal(Crc16(Encoding.UTF8.GetBytes(hashed)) % 16_384, HashSlot.Of(new RedisKey(longKey).Argument));
        }
    }

    [Fact]
    public void Keys_are_equal_when_their_bytes_are()
    {
        Assert.Equal(new RedisKey("h\u00e9"), new RedisKey("h\u00e9"u8.ToArray()));
        Assert.Equal(new RedisKey("h\u00e9").GetHashCode(), new RedisKey("h\u00e9"u8.ToArray()).GetHashCode());
        Assert.Equal(new RedisKey("\ud800"), new RedisKey("\ud801")); // both are written as a replacement character
        Assert.True(new RedisKey("") == default(RedisKey));
        Assert.True(new RedisKey("a") != new RedisKey("b"u8.ToArray()));
        Assert.Equal("h\u00e9", new RedisKey("h\u00e9"u8.ToArray()).ToString());
        Assert.Throws<ArgumentNullException>(static () => new RedisKey((string)null!));
        Assert.Throws<ArgumentNullException>(static () => (RedisArgument)(string)null!);
    }

    [Fact]
    public void An_argument_does_not_show_what_it_holds()
    {
        RedisArgument secret = "secret";
        Assert.Equal("Text", secret.ToString());
        Assert.Equal("key", ((RedisArgument)new RedisKey("secret")).ToString());
        Assert.True(((RedisArgument)new RedisKey("secret")).IsKey && !secret.IsKey);
    }

    private static (RedisArgument Argument, byte[] Expected) Any(Random random, Native manager)
    {
        switch (random.Next(6))
        {
            case 0:
                var text = string.Create(random.Next(3) == 0 ? random.Next(400) : random.Next(12), random, static (span, random) =>
                {
                    foreach (ref var c in span)
                    {
                        c = (char)random.Next(random.Next(2) == 0 ? 128 : 65_536);
                    }
                });
                return (random.Next(2) == 0 ? text : new RedisKey(text), Encoding.UTF8.GetBytes(text));
            case 1:
                var number = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
                return (number, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
            case 2:
                var real = BitConverter.Int64BitsToDouble(random.NextInt64() & 0x7fef_ffff_ffff_ffff);
                return (real, Encoding.ASCII.GetBytes(real.ToString("R", CultureInfo.InvariantCulture)));
            case 3:
                var start = random.Next(300);
                var piece = manager.Memory.Slice(start, random.Next(300 - start));
                return (piece, piece.ToArray());
            default:
                var bytes = new byte[random.Next(50)];
                random.NextBytes(bytes);
                return (bytes, bytes);
        }
    }

    private static void Check(RedisArgument argument, byte[] expected) =>
        Assert.Equal(Reference("CLIENT NO-EVICT", expected, expected), Write(Name, argument, argument));

    private static byte[] Argument(RedisArgument argument)
    {
        var written = Write(Name, argument);
        var start = Reference("CLIENT NO-EVICT").Length;
        return written[(Array.IndexOf(written, (byte)'\n', start) + 1)..^2];
    }

    /// <summary>Writes a command into exactly the room that it is said to need at most.</summary>
    private static byte[] Write(CommandName name, params RedisArgument[] arguments)
    {
        var destination = new byte[CommandEncoder.MaximumLength(name, arguments)];
        return destination[..CommandEncoder.Write(destination, name, arguments)];
    }

    private static byte[] Reference(string name, params byte[][] arguments)
    {
        byte[][] parts = [.. name.Split(' ').Select(Encoding.UTF8.GetBytes), .. arguments];
        return [.. Ascii($"*{parts.Length}\r\n"), .. parts.SelectMany(static part => (byte[])[.. Ascii($"${part.Length}\r\n"), .. part, .. "\r\n"u8])];
    }

    private static byte[] Ascii(FormattableString text) => Encoding.ASCII.GetBytes(FormattableString.Invariant(text));

    private static int Crc16(byte[] bytes)
    {
        var crc = 0;
        foreach (var b in bytes)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                var top = ((crc >> 15) ^ (b >> bit)) & 1;
                crc = ((crc << 1) & 0xffff) ^ (top * 0x1021);
            }
        }

        return crc;
    }

    /// <summary>Memory that is no array.</summary>
    private sealed class Native(byte[] bytes) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => bytes;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
