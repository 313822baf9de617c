using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Tests.Protocol;

/// <summary>What is refused, and that the error says what was wrong and at which byte.</summary>
public sealed class MalformedReplyTests
{
    private static readonly RespLimits Small = new(Bytes: 100, Elements: 10, Depth: 3);

    public static TheoryData<string, string, int> Malformed { get; } = new()
    {
        { "x", "a value of no type, which begins with the byte 0x78", 0 },
        { "\r\n", "a value of no type, which begins with the byte 0x0d", 0 },
        { "\0", "a value of no type, which begins with the byte 0x00", 0 },
        { "HTTP/1.1 400\r\n", "a value of no type, which begins with the byte 0x48", 0 },
        { "*2\r\n:1\r\nx", "a value of no type, which begins with the byte 0x78", 8 },
        { ";4\r\nabcd\r\n", "a value of no type, which begins with the byte 0x3b", 0 },
        { ".\r\n", "a value of no type, which begins with the byte 0x2e", 0 },
        { "$?\r\n", "streamed", 0 },
        { "*?\r\n", "streamed", 0 },
        { "%?\r\n", "streamed", 0 },
        { "~?\r\n", "streamed", 0 },
        { ">?\r\n", "streamed", 0 },
        { "|?\r\n", "streamed", 0 },
        { "*1\r\n$?\r\n", "streamed", 4 },
        { "$\r\n", "no number", 0 },
        { "$a\r\n", "no number", 0 },
        { "$1a\r\n", "no number", 0 },
        { "$+1\r\na\r\n", "no number", 0 },
        { "$-2\r\n", "no number", 0 },
        { "$-\r\n", "no number", 0 },
        { "$-1\n", "no number", 0 },
        { "$1\n", "no number", 0 },
        { "$1\rx", "no number", 0 },
        { "*-\r\n", "no number", 0 },
        { "*-12\r\n", "no number", 0 },
        { "*1.0\r\n", "no number", 0 },
        { "* 1\r\n", "no number", 0 },
        { "$999999999999999999\r\n", "too many digits", 0 },
        { "*999999999999999999\r\n", "too many digits", 0 },
        { "%-1\r\n", "null", 0 },
        { "~-1\r\n", "null", 0 },
        { ">-1\r\n", "null", 0 },
        { "|-1\r\n", "null", 0 },
        { "!-1\r\n", "null", 0 },
        { "=-1\r\n", "null", 0 },
        { "$2\r\nabc\r\n", "payload longer", 6 },
        { "$2\r\na\r\n\r\n", "payload longer", 6 },
        { "$0\r\n\n\r", "payload longer", 4 },
        { "*1\r\n$1\r\nab\r", "payload longer", 9 },
        { "=3\r\ntxt\r\n", "verbatim string without its format", 0 },
        { "=4\r\ntext\r\n", "verbatim string without its format", 0 },
        { "+a\rb\r\n", "CR LF", 0 },
        { "+a\nb\r\n", "CR LF", 0 },
        { "-ERR\n\r\n", "CR LF", 0 },
        { ":\r\n", "a number, a boolean or a null that is none", 0 },
        { ":1a\r\n", "a number, a boolean or a null that is none", 0 },
        { ":1.5\r\n", "a number, a boolean or a null that is none", 0 },
        { ": 1\r\n", "a number, a boolean or a null that is none", 0 },
        { ":1 \r\n", "a number, a boolean or a null that is none", 0 },
        { ":--1\r\n", "a number, a boolean or a null that is none", 0 },
        { ":9223372036854775808\r\n", "a number, a boolean or a null that is none", 0 },
        { ",\r\n", "a number, a boolean or a null that is none", 0 },
        { ",a\r\n", "a number, a boolean or a null that is none", 0 },
        { ",1e\r\n", "a number, a boolean or a null that is none", 0 },
        { ",1,5\r\n", "a number, a boolean or a null that is none", 0 },
        { ",Infinity\r\n", "a number, a boolean or a null that is none", 0 },
        { ",NaN\r\n", "a number, a boolean or a null that is none", 0 },
        { ",0x1p3\r\n", "a number, a boolean or a null that is none", 0 },
        { "(\r\n", "a number, a boolean or a null that is none", 0 },
        { "(-\r\n", "a number, a boolean or a null that is none", 0 },
        { "(1.5\r\n", "a number, a boolean or a null that is none", 0 },
        { "#\r\n", "a number, a boolean or a null that is none", 0 },
        { "#tt\r\n", "a number, a boolean or a null that is none", 0 },
        { "#T\r\n", "a number, a boolean or a null that is none", 0 },
        { "_x\r\n", "a number, a boolean or a null that is none", 0 },
        { ">0\r\n", "push", 0 },
        { "*1\r\n>1\r\n+a\r\n", "push", 4 },
        { "|1\r\n>1\r\n+a\r\n", "push", 4 },
        { "$101\r\n", "a length of 101: a reply may have 100 bytes in all (MaximumReplyBytes)", 0 },
        { "$94\r\n", "a length of 94: a reply may have 100 bytes in all (MaximumReplyBytes)", 0 },
        { "*2\r\n:1\r\n$99999999999999999\r\n", "a length of 99999999999999999: a reply may have 100 bytes in all (MaximumReplyBytes)", 8 },
        { "*11\r\n", "a count of 11: a reply may have 10 values in all (MaximumReplyElements)", 0 },
        { "%6\r\n", "a count of 6: a reply may have 10 values in all (MaximumReplyElements)", 0 },
        { "|6\r\n", "a count of 6: a reply may have 10 values in all (MaximumReplyElements)", 0 },
        { "*99999999999999999\r\n", "a count of 99999999999999999: a reply may have 10 values in all (MaximumReplyElements)", 0 },
        { "*1\r\n*10\r\n", "a count of 10: a reply may have 10 values in all (MaximumReplyElements)", 4 },
        { "*1\r\n*1\r\n*1\r\n*1\r\n", "nesting deeper than 3 (MaximumReplyDepth)", 12 },
        { "*1\r\n~1\r\n|1\r\n%1\r\n", "nesting deeper than 3 (MaximumReplyDepth)", 12 },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void The_error_says_what_was_wrong_and_where_however_the_bytes_are_cut(string wire, string what, int at)
    {
        var bytes = Replies.Bytes(wire);
        var error = Replies.Scan(bytes, Small);
        Assert.Contains(what, error, StringComparison.Ordinal);
        Assert.Contains($"at byte {at} of a reply", error, StringComparison.Ordinal);

        Assert.Equal(error, Replies.Scan(bytes, Small, Enumerable.Range(0, bytes.Length)));
        byte[] behind = [.. "+OK\r\n"u8, .. bytes];
        Assert.Equal(["SimpleString(OK)", "! " + error], Replies.Feed(new ReceiveBuffer(Small), behind));
        for (var cut = 0; cut < behind.Length; cut++)
        {
            Assert.Equal(["SimpleString(OK)", "! " + error], Replies.Feed(new ReceiveBuffer(Small), behind, cut));
        }
    }

    [Fact]
    public void A_reply_may_be_as_large_as_the_limit_of_bytes_and_not_a_byte_larger()
    {
        var payload = $"$93\r\n{new string('x', 93)}\r\n"; // 100
        Assert.Equal("100", Replies.Scan(Replies.Bytes(payload), Small with { Bytes = 100 }));
        Assert.Contains("MaximumReplyBytes", Replies.Scan(Replies.Bytes(payload), Small with { Bytes = 99 }), StringComparison.Ordinal);

        var lines = $"*3\r\n+{new string('x', 37)}\r\n+{new string('x', 47)}\r\n_\r\n"; // 4 + 40 + 50 + 3
        Assert.Equal("97", Replies.Scan(Replies.Bytes(lines), Small with { Bytes = 97 }));
        var error = Replies.Scan(Replies.Bytes(lines), Small with { Bytes = 96 });
        Assert.Contains("a reply may have 96 bytes in all (MaximumReplyBytes), at byte 94 ", error, StringComparison.Ordinal);
        Assert.Equal(error, Replies.Scan(Replies.Bytes(lines), Small with { Bytes = 96 }, Enumerable.Range(0, lines.Length)));
    }

    [Fact]
    public void Empty_attributes_without_end_are_refused()
    {
        var endless = Replies.Bytes(string.Concat(Enumerable.Repeat("|0\r\n", 1_000)));

        Assert.Contains("MaximumReplyBytes", Replies.Scan(endless, Small), StringComparison.Ordinal);
        Assert.Contains("MaximumReplyBytes", Replies.Scan(endless, Small, Enumerable.Range(0, endless.Length)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_limits_are_for_each_reply_not_for_all_of_them()
    {
        var reply = $"*3\r\n*5\r\n{string.Concat(Enumerable.Repeat(":1\r\n", 5))}$40\r\n{new string('x', 40)}\r\n*1\r\n_\r\n";
        var many = Replies.Bytes(string.Concat(Enumerable.Repeat(reply, 50)));

        Assert.Equal(50, Replies.Feed(new ReceiveBuffer(Small), many).Count);
    }

    [Fact]
    public void A_line_may_be_as_long_as_the_limit_and_not_a_byte_longer()
    {
        var longest = Replies.Bytes("+" + new string('x', RespLimits.LineBytes - 1) + "\r\n");
        foreach (var cut in new[] { 0, 1, longest.Length - 3, longest.Length - 2, longest.Length - 1 })
        {
            Assert.Equal($"{longest.Length}", Replies.Scan(longest, RespLimits.Default, cut));
            Assert.Single(Replies.Feed(new ReceiveBuffer(RespLimits.Default), longest, cut));
        }

        var longer = Replies.Bytes("*1\r\n+" + new string('x', RespLimits.LineBytes) + "\r\n");
        foreach (var cut in new[] { 0, 5, longer.Length - 3, longer.Length - 2, longer.Length - 1 })
        {
            Assert.Equal("The server sent a line of over 65536 bytes, at byte 4 of a reply.", Replies.Scan(longer, RespLimits.Default, cut));
            Assert.Single(Replies.Feed(new ReceiveBuffer(RespLimits.Default), longer, cut));
        }

        Assert.Contains("a line of over", Replies.Scan(longer[..^2], RespLimits.Default), StringComparison.Ordinal);
    }

    [Fact]
    public void Replies_nest_as_deep_as_the_option_can_be_set()
    {
        var limits = RespLimits.Default with { Depth = 128 };
        var deep = string.Concat(Enumerable.Repeat("*1\r\n", 128)) + ":1\r\n";
        Assert.Equal($"{deep.Length}", Replies.Scan(Replies.Bytes(deep), limits));
        Assert.Contains("nesting deeper than 128 (MaximumReplyDepth), at byte 512 ", Replies.Scan(Replies.Bytes("*1\r\n" + deep), limits), StringComparison.Ordinal);

        // An attribute far out is still one when something opens 64 levels further in.
        var attribute = "|1\r\n" + string.Concat(Enumerable.Repeat("*1\r\n", 100)) + ":1\r\n+v\r\n";
        Assert.Equal(["Integer(7)", "Integer(8)"], Replies.Feed(new ReceiveBuffer(limits), Replies.Bytes(attribute + ":7\r\n:8\r\n")));
        var mixed = string.Concat(Enumerable.Repeat("*1\r\n|1\r\n+k\r\n", 64)) + ":1\r\n" + string.Concat(Enumerable.Repeat(":2\r\n", 64));
        Assert.Equal(mixed.Length, RespModel.Read(Replies.Bytes(mixed), limits).Length);
        Assert.Equal($"{mixed.Length}", Replies.Scan(Replies.Bytes(mixed), limits));
    }
}
