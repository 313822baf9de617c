using System.Buffers;
using System.Text;
using Millrace.Redis.Commands;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Tests.Commands;

/// <summary>The shapes that servers of other versions send, and shapes that no server should.</summary>
public sealed class ReplyShapeTests
{
    [Theory]
    [InlineData("*4|$1|a|$1|1|$1|b|$3|2.5")]
    [InlineData("*2|*2|$1|a|,1|*2|$1|b|,2.5")]
    [InlineData("*2|*2|$1|a|$1|1|*2|$1|b|$3|2.5")]
    [InlineData("%2|$1|a|,1|$1|b|,2.5")]
    public void Members_with_scores_come_in_one_list_or_in_pairs(string reply) =>
        ListAssert.Equal([("a", 1), ("b", 2.5)], Parse(Replies.Scored, reply).Select(static value => (value.MemberText, value.Score)));

    [Theory]
    [InlineData("*4|$1|a|$1|1|$1|b|$1|2")]
    [InlineData("%2|$1|a|$1|1|$1|b|$1|2")]
    [InlineData("*2|*2|$1|a|$1|1|*2|$1|b|$1|2")]
    public void Fields_come_in_one_list_in_pairs_or_as_a_map(string reply) =>
        ListAssert.Equal([("a", "1"), ("b", "2")], Parse(Replies.Fields, reply).Select(static field => (field.NameText, field.ValueText)));

    [Theory]
    [InlineData("*0")]
    [InlineData("*-1")]
    [InlineData("_")]
    [InlineData("%0")]
    [InlineData("$-1")]
    public void Nothing_is_an_empty_list(string reply)
    {
        Assert.Empty(Parse(Replies.Scored, reply));
        Assert.Empty(Parse(Replies.Fields, reply));
        Assert.Empty(Parse(Replies.Values, reply));
        Assert.Empty(Parse(StreamReplies.Entries, reply));
        Assert.Empty(Parse(StreamReplies.OneStream, reply));
        Assert.Null(Parse(Replies.FirstScored, reply));
    }

    [Theory]
    [InlineData("~2|$1|a|$1|b")]
    [InlineData("*2|$1|a|+b")]
    public void Members_come_as_a_set_or_a_list(string reply) =>
        ListAssert.Equal(["a", "b"], Parse(Replies.Values, reply).Select(Encoding.UTF8.GetString));

    [Theory]
    [InlineData("*3|#t|:0|$1|1")]
    public void Booleans_come_in_any_of_their_types(string reply) => ListAssert.Equal([true, false, true], Parse(Replies.Booleans, reply));

    [Theory]
    [InlineData("*1|*2|$1|k|*1|*2|$3|1-0|*2|$1|a|$1|1")]
    [InlineData("%1|$1|k|*1|*2|$3|1-0|*2|$1|a|$1|1")]
    public void Streams_come_as_a_list_or_as_a_map(string reply)
    {
        Assert.Equal("1-0", Assert.Single(Parse(StreamReplies.OneStream, reply)).Id);
        byte[][] keys = ["j"u8.ToArray(), "k"u8.ToArray(), "l"u8.ToArray()];
        var streams = Parse(StreamReplies.ManyStreams, reply, keys);
        ListAssert.Equal([0, 1, 0], streams.Select(static stream => stream.Length));
        Assert.Throws<RedisException>(() => Parse(StreamReplies.ManyStreams, reply, new byte[][] { [1] }));
    }

    [Fact]
    public void A_claim_of_an_old_server_has_no_deleted_entries()
    {
        var claim = Parse(StreamReplies.Claim, "*2|$3|0-0|*1|*2|$3|1-0|*-1");
        Assert.Empty(claim.Deleted);
        Assert.Empty(Assert.Single(claim.Entries).Fields);
    }

    [Theory]
    [InlineData("*3|$1|a|$1|1|$1|b")]
    [InlineData("*1|*3|$1|a|$1|1|$1|b")]
    [InlineData("*2|$-1|$1|1")]
    [InlineData("*2|$1|a|$1|x")]
    [InlineData("$1|a")]
    public void A_shape_that_is_none_of_them_is_an_error_and_no_guess(string reply) =>
        Assert.Throws<RedisException>(() => Parse(Replies.Scored, reply));

    [Theory]
    [InlineData("*1|$1|0")]
    [InlineData("*3|$1|0|*0|*0")]
    public void A_page_has_a_cursor_and_a_list(string reply) => Assert.Throws<RedisException>(() => Parse(Replies.ValuesPage, reply));

    [Fact]
    public void The_text_of_info_may_be_of_any_form()
    {
        const string Text = "# Server\r\nredis_version:7.0.15\r\n\r\n# Other\r\nslave0:ip=127.0.0.1,port=1\r\nempty:\r\nno colon\r\n";
        var values = InfoReply.Parse(Text);
        Assert.Equal(3, values.Count);
        Assert.Equal("ip=127.0.0.1,port=1", values["slave0"]);
        Assert.Equal("", values["empty"]);
        Assert.Equal("7.0.15", Parse(InfoReply.Parser, "=24|txt:redis_version:7.0.15")["redis_version"]);
    }

    [Theory]
    [InlineData(":-2", null)]
    [InlineData(":-1", -1L)]
    [InlineData(":0", 0L)]
    [InlineData(":1500", 1500L)]
    [InlineData(":9223372036854775807", long.MaxValue)]
    [InlineData(":-9223372036854775808", 0L)]
    public void A_duration_that_is_too_long_is_the_longest(string reply, long? milliseconds) =>
        Assert.Equal(milliseconds is long.MaxValue ? TimeSpan.MaxValue : milliseconds is { } whole ? TimeSpan.FromMilliseconds(whole) : null, Parse(Replies.Duration, reply));

    [Fact]
    public void A_moment_after_the_last_year_is_the_last()
    {
        Assert.Null(Parse(Replies.Moment, ":-2"));
        Assert.Equal(DateTimeOffset.MaxValue, Parse(Replies.Moment, ":-1"));
        Assert.Equal(DateTimeOffset.MaxValue, Parse(Replies.Moment, ":9223372036854775807"));
        Assert.Equal(new DateTimeOffset(9999, 12, 31, 23, 59, 59, 0, TimeSpan.Zero), Parse(Replies.Moment, ":253402300799000"));
    }

    [Theory]
    [InlineData("*2|$20|99999999999999999999|$1|0")]
    [InlineData("*2|$12|253402300800|$1|0")]
    [InlineData("*2|$1|1|$7|1000000")]
    [InlineData("*2|$2|-1|$1|0")]
    [InlineData("*1|$1|1")]
    public void A_clock_that_is_none_is_refused(string reply) => Assert.Throws<RedisException>(() => Parse(Replies.Clock, reply));

    [Fact]
    public void Any_reply_gives_a_result_or_this_clients_own_error()
    {
        var seed = Environment.ProcessId; // another one at each run
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        for (var i = 0; i < 2_000; i++)
        {
            var reply = new StringBuilder();
            AppendValue(reply, random, depth: 0);
            var text = reply.ToString()[..^1];
            foreach (var parse in Parsers)
            {
                if (Record.Exception(() => parse(text)) is { } error and not RedisException)
                {
                    Assert.Fail($"Seed {seed}, reply {text}: {error}");
                }
            }
        }
    }

    private static readonly Action<string>[] Parsers =
    [
        Parser(Replies.Bytes), Parser(Replies.Text), Parser(Replies.Integer), Parser(Replies.IntegerOrNull), Parser(Replies.Number),
        Parser(Replies.NumberOrNull), Parser(Replies.Boolean), Parser(Replies.Pooled), Parser(Replies.OptionalValues), Parser(Replies.Values),
        Parser(Replies.Booleans), Parser(Replies.Integers), Parser(Replies.OptionalNumbers), Parser(Replies.Fields), Parser(Replies.Scored),
        Parser(Replies.FirstScored), Parser(Replies.Duration), Parser(Replies.Durations), Parser(Replies.Moment), Parser(Replies.Clock),
        Parser(Replies.ChangedFields), Parser(Replies.ValuesPage), Parser(Replies.FieldsPage), Parser(Replies.ScoredPage),
        Parser(StreamReplies.Entries), Parser(StreamReplies.OneStream), Parser(StreamReplies.Claim), Parser(StreamReplies.PendingSummary),
        Parser(StreamReplies.Pending), Parser(StreamReplies.Info), Parser(StreamReplies.Groups), Parser(InfoReply.Parser),
        static reply => Parse(StreamReplies.ManyStreams, reply, new byte[][] { "1"u8.ToArray(), "a"u8.ToArray() }),
    ];

    private static Action<string> Parser<T>(ReplyParser<T> parser) => reply => Parse(parser, reply);

    /// <summary>Writes a random value that is well formed, its lines ended by bars.</summary>
    private static void AppendValue(StringBuilder reply, Random random, int depth)
    {
        string[] texts = ["0", "1", "-1", "-2", "a", "length", "name", "9223372036854775807", "253402300800", "inf", "nan", ""];
        var text = texts[random.Next(texts.Length)];
        var count = random.Next(5);
        switch (random.Next(depth < 3 ? 12 : 8))
        {
            case 0:
                reply.Append('_').Append('|');
                break;
            case 1:
                reply.Append(random.Next(2) == 0 ? "$-1|" : "*-1|");
                break;
            case 2:
                reply.Append(':').Append(random.Next(3) == 0 ? long.MinValue : random.Next(-3, 5)).Append('|');
                break;
            case 3:
                reply.Append(random.Next(2) == 0 ? ",1.5|" : ",-inf|");
                break;
            case 4:
                reply.Append(random.Next(2) == 0 ? "#t|" : "+OK|");
                break;
            case 5:
                reply.Append("-ERR no|");
                break;
            case 6 or 7:
                reply.Append('$').Append(text.Length).Append('|').Append(text).Append('|');
                break;
            default:
                var isMap = random.Next(4) == 0;
                reply.Append(isMap ? '%' : random.Next(5) == 0 ? '~' : '*').Append(count).Append('|');
                for (var left = isMap ? 2 * count : count; left > 0; left--)
                {
                    AppendValue(reply, random, depth + 1);
                }

                break;
        }
    }

    /// <summary>Parses a reply whose lines stand apart by bars.</summary>
    private static T Parse<T>(ReplyParser<T> parser, string reply, object? target = null)
    {
        var reader = new RespReader(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(reply.Replace("|", "\r\n", StringComparison.Ordinal) + "\r\n")));
        var operation = RedisOperation<T>.Rent(parser);
        operation.Target = target;
        return parser(ref reader, operation);
    }
}
