using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Millrace.Redis.Tests.Sessions;

[SuppressMessage("Reliability", "CA2012", Justification = "What a batch gives is awaited once, after the batch; what throws gives nothing.")]
public sealed class ExecuteTests(SharedRedis redis)
{
    public static TheoryData<string> Servers => RedisServers.All();

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Any_command_is_sent_by_its_name(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("any");

        Assert.Equal("OK", (await client.ExecuteAsync("SET", new RedisKey(key), "1")).AsString());
        Assert.True((await client.ExecuteAsync("set", new RedisKey(key), 41)).AsBoolean());
        Assert.Equal(42, (await client.ExecuteAsync("INCR", new RedisKey(key))).AsInt64());
        Assert.Equal("42"u8.ToArray(), (await client.ExecuteAsync("GET", new RedisKey(key))).AsBytes());
        Assert.Equal(42, (await client.ExecuteAsync("GET", new RedisKey(key))).AsDouble());
        Assert.True((await client.ExecuteAsync("GET", new RedisKey(key + "-"))).IsNull);
        Assert.Null((await client.ExecuteAsync("GET", new RedisKey(key + "-"))).AsString());
        Assert.Equal(key, (await client.ExecuteAsync("ECHO", key)).AsString());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_name_of_two_words_is_two_arguments(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);

        Assert.True((await client.ExecuteAsync("CLIENT ID")).AsInt64() > 0);
        Assert.True((await client.ExecuteAsync("client", "id")).AsInt64() > 0);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Maps_are_pairs_in_both_versions_of_the_protocol(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("hash");
        await client.ExecuteAsync("HSET", new RedisKey(key), "a", 1, "b", 2);

        var reply = await client.ExecuteAsync("HGETALL", new RedisKey(key));

        Assert.Equal([("a", 1L), ("b", 2L)], reply.Pairs.Select(static pair => (pair.Key.AsString()!, pair.Value.AsInt64())));
        Assert.Equal(4, reply.Count);
        Assert.Equal("b", reply[2].AsString());
        Assert.Throws<ArgumentOutOfRangeException>(() => reply[4]);
        Assert.Throws<RedisException>(() => reply.AsString());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task An_error_inside_a_list_is_a_value_and_one_outside_is_thrown(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("text");
        await client.ExecuteAsync("SET", new RedisKey(key), "text");

        var error = await Assert.ThrowsAsync<RedisServerException>(() => client.ExecuteAsync("INCR", new RedisKey(key)).AsTask());
        await using var own = await client.LeaseAsync();
        await own.ExecuteAsync("MULTI");
        await own.ExecuteAsync("INCR", new RedisKey(key));
        await own.ExecuteAsync("GET", new RedisKey(key));
        var items = (await own.ExecuteAsync("EXEC")).Items;

        Assert.Equal("ERR", error.Code);
        Assert.True(items[0].IsError);
        Assert.Equal("ERR", items[0].Error!.Code);
        Assert.Throws<RedisServerException>(() => items[0].AsInt64());
        Assert.Equal("text", items[1].AsString());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_parser_of_the_callers_reads_the_reply_where_it_is_received(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);

        var length = await client.ExecuteAsync(
            "ECHO", static (ref reader) => reader.TryReadContent(out var content) ? (int)content.Length : -1, CancellationToken.None, new byte[10_000]);
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            client.ExecuteAsync<int>("PING", static (ref _) => throw new InvalidOperationException("the parser's"), CancellationToken.None).AsTask());

        Assert.Equal(10_000, length);
        Assert.Equal("the parser's", fault.Message);
        Assert.Equal("PONG", (await client.ExecuteAsync("PING")).AsString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("GET ")]
    [InlineData(" GET")]
    [InlineData("CLIENT  ID")]
    [InlineData("GET\r\nDEL")]
    [InlineData("GET\n")]
    [InlineData("GÉT")]
    [InlineData("GET$")]
    [InlineData("A_NAME_OF_MORE_THAN_SIXTY_FOUR_CHARACTERS_WHICH_NO_COMMAND_HAS_AND")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);

        Assert.Throws<ArgumentException>(() => { _ = client.ExecuteAsync(name); });
    }

    [Theory]
    [InlineData("SUBSCRIBE channel", "subscriptions")]
    [InlineData("psubscribe *", "subscriptions")]
    [InlineData("MONITOR", "redis-cli")]
    [InlineData("CLIENT REPLY OFF", "redis-cli")]
    [InlineData("BLPOP list 0", "BLMoveAsync")]
    [InlineData("XREAD COUNT 1 block 0 STREAMS s 0", "BLMoveAsync")]
    [InlineData("MULTI", "CreateTransaction")]
    [InlineData("WATCH key", "LeaseAsync")]
    [InlineData("SELECT 1", "RedisOptions")]
    [InlineData("HELLO 2", "RedisOptions")]
    [InlineData("RESET", "RedisOptions")]
    [InlineData("client tracking on", "RedisOptions")]
    public async Task A_command_that_would_disturb_others_is_refused_with_the_remedy(string line, string remedy)
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        using var batch = client.CreateBatch();
        var words = line.Split(' ');
        RedisArgument[] arguments = [.. words.Skip(1).Select(static word => (RedisArgument)word)];

        var refusal = Assert.Throws<RedisException>(() => { _ = client.ExecuteAsync(words[0], arguments); });
        Assert.Throws<RedisException>(() => { _ = batch.ExecuteAsync(words[0], arguments); });

        Assert.Contains(remedy, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, batch.Count);
        Assert.Equal("PONG", (await client.ExecuteAsync("PING")).AsString());
    }

    [Fact]
    public async Task A_subcommand_in_the_name_is_looked_at_like_one_in_the_arguments()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);

        Assert.Throws<RedisException>(() => { _ = client.ExecuteAsync("client reply", "off"); });
        Assert.Throws<RedisException>(() => { _ = client.ExecuteAsync("CLIENT", Encoding.ASCII.GetBytes("reply"), "off"); });
    }

    [Fact]
    public async Task A_read_of_a_stream_that_does_not_wait_is_allowed()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);

        // A stream may be called BLOCK.
        Assert.True((await client.ExecuteAsync("XREAD", "COUNT", 1, "STREAMS", new RedisKey("BLOCK"), "0")).IsNull);
    }

    [Fact]
    public async Task A_reply_does_not_show_what_it_holds()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);

        var reply = await client.ExecuteAsync("ECHO", "a secret");

        Assert.DoesNotContain("secret", reply.ToString(), StringComparison.Ordinal);
        Assert.Contains("8 bytes", reply.ToString(), StringComparison.Ordinal);
    }
}
