using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>Every type of RESP2 and RESP3, whole and cut at every place.</summary>
public sealed class ReplyTests
{
    public static TheoryData<string, string> Valid { get; } = new()
    {
        { "+OK\r\n", "SimpleString(OK)" },
        { "+\r\n", "SimpleString()" },
        { "-ERR no such key\r\n", "error(ERR no such key)" },
        { "-\r\n", "error()" },
        { ":0\r\n", "Integer(0)" },
        { ":+5\r\n", "Integer(5)" },
        { ":-9223372036854775808\r\n", "Integer(-9223372036854775808)" },
        { ":9223372036854775807\r\n", "Integer(9223372036854775807)" },
        { "$0\r\n\r\n", "BulkString()" },
        { "$5\r\na\r\nb\0\r\n", "BulkString(a\r\nb\0)" },
        { "$12\r\n-1\r\n$-1\r\n\r\n\r\r\n", "BulkString(-1\r\n$-1\r\n\r\n\r)" },
        { "$-1\r\n", "null" },
        { "*-1\r\n", "null" },
        { "_\r\n", "null" },
        { "#t\r\n", "Boolean(True)" },
        { "#f\r\n", "Boolean(False)" },
        { ",1.5\r\n", "Double(1.5)" },
        { ",-3.25e-7\r\n", "Double(-3.25E-07)" },
        { ",1E+20\r\n", "Double(1E+20)" },
        { ",10\r\n", "Double(10)" },
        { ",.5\r\n", "Double(0.5)" },
        { ",inf\r\n", "Double(Infinity)" },
        { ",-inf\r\n", "Double(-Infinity)" },
        { ",nan\r\n", "Double(NaN)" },
        { ",-nan\r\n", "Double(NaN)" },
        { "(3492890328409238509324850943850943825024385\r\n", "BigNumber(3492890328409238509324850943850943825024385)" },
        { "(-1\r\n", "BigNumber(-1)" },
        { "!21\r\nSYNTAX invalid syntax\r\n", "error(SYNTAX invalid syntax)" },
        { "!8\r\nERR\r\nx \u00c3\r\n", "error(ERR\r\nx \ufffd)" },
        { "=15\r\ntxt:Some string\r\n", "VerbatimString(Some string)" },
        { "=4\r\nmkd:\r\n", "VerbatimString()" },
        { "*0\r\n", "Array[]" },
        { "%0\r\n", "Map[]" },
        { "~0\r\n", "Set[]" },
        { "*3\r\n:1\r\n$-1\r\n*2\r\n+a\r\n*0\r\n", "Array[Integer(1), null, Array[SimpleString(a), Array[]]]" },
        { "*2\r\n-ERR one\r\n!3\r\nE 2\r\n", "Array[error(ERR one), error(E 2)]" },
        { "%2\r\n+k\r\n:1\r\n%1\r\n#t\r\n_\r\n~1\r\n,2\r\n", "Map[SimpleString(k), Integer(1), Map[Boolean(True), null], Set[Double(2)]]" },
        { ">3\r\n+message\r\n+channel\r\n$2\r\nhi\r\n", "Push[SimpleString(message), SimpleString(channel), BulkString(hi)]" },
        { "|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n", "BulkString(v)" },
        { "|0\r\n:1\r\n", "Integer(1)" },
        { "|0\r\n|0\r\n|1\r\n+a\r\n*0\r\n|0\r\n_\r\n", "null" },
        { "|1\r\n+a\r\n+b\r\n>1\r\n+c\r\n", "Push[SimpleString(c)]" },
        { "|1\r\n|1\r\n+a\r\n+b\r\n%1\r\n+k\r\n*1\r\n:1\r\n+v\r\n-ERR x\r\n", "error(ERR x)" },
        { "*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n|1\r\n+k\r\n|0\r\n+v\r\n*1\r\n|0\r\n:2\r\n", "Array[Integer(1), Array[Integer(2)]]" },
        { "%1\r\n|1\r\n+k\r\n+v\r\n+key\r\n|0\r\n+value\r\n", "Map[SimpleString(key), SimpleString(value)]" },
        { "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "Array[Array[Array[Array[Integer(1)]]]]" },
    };

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_reply_of_any_type_is_read_however_it_is_cut(string wire, string meaning)
    {
        var bytes = Replies.Bytes(wire);
        byte[] stream = [.. bytes, .. bytes, .. "+next\r\n"u8];
        List<string> expected = [meaning, meaning, "SimpleString(next)"];
        Assert.Equal((meaning, bytes.Length), RespModel.Read(bytes, RespLimits.Default));

        Assert.Equal(expected, Replies.Feed(new ReceiveBuffer(RespLimits.Default), stream));
        Assert.Equal(expected, Replies.Feed(new ReceiveBuffer(RespLimits.Default), stream, Enumerable.Range(1, stream.Length - 1)));
        for (var first = 0; first <= bytes.Length; first++)
        {
            Assert.Equal(meaning, Replies.Text(Replies.Cut(bytes, first)));
            Assert.Equal($"{bytes.Length}", Replies.Scan(bytes, RespLimits.Default, first));
            for (var second = first; second <= bytes.Length; second++)
            {
                Assert.Equal($"{bytes.Length}", Replies.Scan(bytes, RespLimits.Default, first, second));
                Assert.Equal(meaning, Replies.Text(Replies.Cut(bytes, first, second)));
                Assert.Equal(expected, Replies.Feed(new ReceiveBuffer(RespLimits.Default), stream, first, second));
            }
        }

        Assert.Equal(meaning, Replies.Text(Replies.Bytewise(bytes)));
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_reply_is_not_complete_before_its_last_byte(string wire, string meaning)
    {
        var bytes = Replies.Bytes(wire);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.True(Replies.Scan(bytes[..length], RespLimits.Default) == "goes on", $"{meaning} after {length} bytes");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4_711)]
    [InlineData(20_261_121)]
    public void Random_replies_mean_what_the_model_says_however_they_are_cut(int seed)
    {
        var random = new Random(seed);
        var replies = new RandomReplies(random);
        var buffer = new ReceiveBuffer(RespLimits.Default);
        for (var round = 0; round < 4_000; round++)
        {
            var bytes = replies.Valid();
            var (meaning, length) = RespModel.Read(bytes, RespLimits.Default);
            var where = $"seed {seed}, round {round}: {Convert.ToHexString(bytes)}";
            Assert.True(length == bytes.Length, where);
            var cuts = new int[random.Next(5)];
            for (var i = 0; i < cuts.Length; i++)
            {
                cuts[i] = random.Next(bytes.Length + 1);
            }

            Array.Sort(cuts);
            Assert.True(Replies.Scan(bytes, RespLimits.Default, cuts) == $"{length}", where);
            Assert.True(Replies.Feed(buffer, bytes, cuts) is [var read] && read == meaning, where);
            Assert.True(Replies.Text(Replies.Cut(bytes, cuts)) == meaning, where);
            Assert.True(Replies.Text(Replies.Bytewise(bytes)) == meaning, where);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4_712)]
    [InlineData(20_261_122)]
    public void Spoiled_replies_are_refused_where_the_model_refuses_them(int seed)
    {
        var random = new Random(seed);
        var replies = new RandomReplies(random);
        RespLimits[] limits = [RespLimits.Default, new RespLimits(64, 8, 3)];
        var (complete, refused) = (0, 0);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = replies.Spoiled(replies.Valid(), replies.Valid());
            var limit = limits[random.Next(2)];
            var (meaning, length) = RespModel.Read(bytes, limit);
            var scanned = Replies.Scan(bytes, limit);
            var where = $"seed {seed}, round {round}: '{meaning}', '{scanned}' of {Convert.ToHexString(bytes)}";
            if (length >= 0)
            {
                complete++;
                Assert.True(scanned == $"{length}", where);
                Assert.True(Replies.Text(new System.Buffers.ReadOnlySequence<byte>(bytes, 0, length)) == meaning, where);
            }
            else
            {
                // The scanner may refuse what the model, which looks at whole lines only, would still wait for.
                refused += meaning == "malformed" ? 1 : 0;
                Assert.True(scanned.StartsWith("The server sent", StringComparison.Ordinal) || (scanned == meaning && meaning == "goes on"), where);
            }

            Assert.True(Replies.Scan(bytes, limit, Enumerable.Range(0, bytes.Length)) == scanned, where);
        }

        Assert.True(complete > 1_000 && refused > 1_000, $"seed {seed}: {complete} complete, {refused} refused: too few of one kind");
    }
}
