using System.Diagnostics.CodeAnalysis;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sessions;

[SuppressMessage("Reliability", "CA2012", Justification = "What a batch gives is awaited once, after the batch; what throws gives nothing.")]
public sealed class ScriptTests(SharedRedis redis)
{
    public static TheoryData<string> Servers => RedisServers.All();

    public static TheoryData<string> RedisOnly => RedisServers.RedisOnly();

    private static readonly RedisScript Append = RedisScript.FromResource(typeof(ScriptTests).Assembly, "Append.lua", keyCount: 1);

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_script_from_a_file_runs_on_a_server_that_never_saw_it(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("list");
        var script = Fresh("return { redis.call('RPUSH', KEYS[1], ARGV[1]), ARGV[2] }");

        var reply = await client.EvaluateAsync(Append, [key], ["a", "b"]);
        var again = await client.EvaluateAsync(script, [key], ["c", 7]);
        var third = await client.EvaluateAsync(script, static (ref reader) => (reader.ReadAggregateHeader(), reader.ReadInt64()), [key], ["d", 7]);

        Assert.Equal(2, reply[0].AsInt64());
        Assert.Equal("a", reply[1].AsString());
        Assert.Equal((3, "7"), (again[0].AsInt64(), again[1].AsString()));
        Assert.Equal((2, 4), third);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Many_runs_at_once_of_a_script_the_server_does_not_have_run_once_each(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("n");
        var script = Fresh("return redis.call('INCR', KEYS[1])");

        var results = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ =>
            client.EvaluateAsync(script, static (ref reader) => reader.ReadInt64(), [key], []).AsTask()));

        Assert.Equal(Enumerable.Range(1, 500).Select(static i => (long)i), results.Order());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Scripts_in_a_batch_keep_their_place_even_when_they_run_for_the_first_time(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        using var batch = client.CreateBatch();
        var key = SessionClients.Key("n");
        var script = Fresh("return redis.call('INCR', KEYS[1])");

        for (var round = 0; round < 2; round++)
        {
            _ = batch.ExecuteAsync("SET", new RedisKey(key), 10);
            var first = batch.EvaluateAsync(script, [key], []);
            var read = batch.ExecuteAsync("GET", new RedisKey(key));
            var second = batch.EvaluateAsync(script, [key], []);
            var last = batch.ExecuteAsync("GET", new RedisKey(key));
            await batch.ExecuteAsync();

            Assert.Equal((11, 11), ((await first).AsInt64(), (await read).AsInt64()));
            Assert.Equal((12, 12), ((await second).AsInt64(), (await last).AsInt64()));
        }
    }

    /// <remarks>Not with Garnet, where a script in a transaction waits for the keys that the transaction has locked.</remarks>
    [Theory]
    [MemberData(nameof(RedisOnly))]
    public async Task Scripts_run_in_transactions_and_on_leased_connections(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var key = SessionClients.Key("n");
        var script = Fresh("return redis.call('INCR', KEYS[1])");
        using var transaction = client.CreateTransaction();

        var first = transaction.EvaluateAsync(script, [key], []);
        var second = transaction.EvaluateAsync(script, [key], []);
        Assert.True(await transaction.ExecuteAsync(TestContext.Current.CancellationToken));
        var other = Fresh("return redis.call('INCR', KEYS[1])");
        await using var own = await client.LeaseAsync(TestContext.Current.CancellationToken);

        Assert.Equal((1, 2), ((await first).AsInt64(), (await second).AsInt64()));
        Assert.Equal(3, (await own.EvaluateAsync(other, [key], [])).AsInt64());
    }

    [Fact]
    public async Task A_script_that_was_flushed_away_is_sent_again()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await SessionClients.ConnectAsync(server);
        var key = SessionClients.Key("n");
        var script = Fresh("return redis.call('INCR', KEYS[1])");
        await client.EvaluateAsync(script, [key], []);
        await server.CommandAsync("SCRIPT", "FLUSH");

        Assert.Equal(2, (await client.EvaluateAsync(script, [key], [])).AsInt64());
        Assert.Equal("1", (await server.CommandAsync("SCRIPT", "EXISTS", script.Hash))[0].ToString());
    }

    [Fact]
    public async Task A_script_sees_many_arguments_and_large_ones()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var script = Fresh("return { #KEYS, #ARGV, #ARGV[#ARGV] }", keys: 3);
        RedisArgument[] arguments = [.. Enumerable.Range(0, 100).Select(static i => (RedisArgument)i), new byte[100_000]];

        var reply = await client.EvaluateAsync(script, ["{t}a", "{t}b", "{t}c"], arguments);

        Assert.Equal([3, 101, 100_000], reply.Items.Select(static item => item.AsInt64()));
    }

    [Fact]
    public async Task A_script_that_fails_throws_the_servers_error()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);

        var error = await Assert.ThrowsAsync<RedisServerException>(() =>
            client.EvaluateAsync(Fresh("return redis.error_reply('NOPE not today')", keys: 0), [], []).AsTask());
        var noScript = await Assert.ThrowsAsync<RedisServerException>(() =>
            client.EvaluateAsync(Fresh("return redis.error_reply('NOSCRIPT of its own')", keys: 0), [], []).AsTask());
        var uncompiled = await Assert.ThrowsAsync<RedisServerException>(() => client.EvaluateAsync(Fresh("this is no Lua", keys: 0), [], []).AsTask());

        Assert.Equal("NOPE", error.Code);
        Assert.Equal("NOSCRIPT", noScript.Code);
        Assert.Contains("compiling", uncompiled.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_that_only_reads_cannot_write()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var key = SessionClients.Key("n");
        await client.SetAsync(key, "5");
        var salt = Guid.NewGuid();
        var read = new RedisScript($"return redis.call('GET', KEYS[1]) -- {salt}", 1, isReadOnly: true);
        var write = new RedisScript($"return redis.call('INCR', KEYS[1]) -- {salt}", 1, isReadOnly: true);

        Assert.Equal(5, (await client.EvaluateAsync(read, [key], [])).AsInt64());
        await Assert.ThrowsAsync<RedisServerException>(() => client.EvaluateAsync(write, [key], []).AsTask());
    }

    [Fact]
    public async Task The_number_of_keys_is_checked()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);

        var error = Assert.Throws<ArgumentException>(() => { _ = client.EvaluateAsync(Append, ["a", "b"], []); });

        Assert.Contains("takes 1 keys and got 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_hash_is_that_of_the_text()
    {
        Assert.Equal("e0e1f9fabfc9d4800c877a703b823ac0578ff8db", new RedisScript("return 1", 0).Hash);
        Assert.StartsWith("-- KEYS[1]", Append.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named_with_those_that_are_there()
    {
        var error = Assert.Throws<ArgumentException>(() => RedisScript.FromResource(typeof(ScriptTests).Assembly, "Missing.lua", 0));

        Assert.Contains("Missing.lua", error.Message, StringComparison.Ordinal);
        Assert.Contains("Append.lua", error.Message, StringComparison.Ordinal);
    }

    private static RedisScript Fresh(string source, int keys = 1) => new($"{source} -- {Guid.NewGuid()}", keys);
}
