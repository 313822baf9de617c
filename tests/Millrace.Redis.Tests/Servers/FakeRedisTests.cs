using System.Net.Sockets;
using System.Text;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Servers;

public sealed class FakeRedisTests
{
    private const int Limit = 60_000;

    [Fact(Timeout = Limit)]
    public async Task Unscripted_it_behaves_like_a_small_redis()
    {
        await using var fake = FakeRedis.Start();
        await using var control = await RedisControl.ConnectAsync(fake.Port);

        Assert.Equal("OK", (await control.SendAsync("SET", "key", "41")).Text);
        Assert.Equal(42, (await control.SendAsync("INCR", "key")).Number);
        Assert.Equal("42", (await control.SendAsync("GET", "key")).Text);
        await control.SendAsync("SELECT", "1");
        Assert.Null((await control.SendAsync("GET", "key")).Text);
        Assert.Equal("hi", (await control.SendAsync("ECHO", "hi")).Text);
        await control.SendAsync("CLIENT", "SETNAME", "tester");
        Assert.Equal("tester", (await control.SendAsync("CLIENT", "GETNAME")).Text);
        Assert.Equal(["subscribe", "news", "1"], (await control.SendAsync("SUBSCRIBE", "news")).Texts());
        await (await fake.WaitForCommandAsync("subscribe")).PushAsync("message", "news", "hello");
        Assert.Equal(["message", "news", "hello"], (await control.ReadAsync()).Texts());
        var unknown = await Assert.ThrowsAsync<RedisControlException>(() => control.SendAsync("NOPE", "a"));
        Assert.StartsWith("ERR unknown command 'NOPE'", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(["SET", "key", "41"], fake.Connections[0].Commands[0]);
    }

    [Fact(Timeout = Limit)]
    public async Task Hello_3_turns_to_resp3_and_an_old_server_does_not_know_it()
    {
        await using var fake = FakeRedis.Start();
        await using var client = await RawClient.ConnectAsync(fake.Port);

        await client.SendAsync("HELLO 3 SETNAME me\r\nGET nothing\r\nINCR n\r\n");
        var replies = await client.ReadUntilAsync("_\r\n:1\r\n");

        Assert.StartsWith("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n", replies, StringComparison.Ordinal);
        Assert.EndsWith("$7\r\nmodules\r\n*0\r\n_\r\n:1\r\n", replies, StringComparison.Ordinal);
        Assert.Equal((3, "me"), (fake.Connections[0].Protocol, fake.Connections[0].Name));
        fake.IsResp2Only = true;
        await client.SendAsync("HELLO 3\r\n");
        Assert.StartsWith("-ERR unknown command 'HELLO'", await client.ReadUntilAsync("\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_password_is_asked_for()
    {
        await using var fake = FakeRedis.Start();
        (fake.User, fake.Password) = ("miller", "secret");
        await using var client = await RawClient.ConnectAsync(fake.Port);

        await client.SendAsync("PING\r\nAUTH secret\r\nHELLO 3\r\nHELLO 3 AUTH miller secret\r\nPING\r\n");
        var replies = await client.ReadUntilAsync("+PONG\r\n");

        Assert.StartsWith("-NOAUTH Auth", replies, StringComparison.Ordinal);
        Assert.Contains("\r\n-WRONGPASS", replies, StringComparison.Ordinal);
        Assert.Contains("\r\n-NOAUTH HELLO", replies, StringComparison.Ordinal);
        Assert.Contains("\r\n%7\r\n", replies, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Commands_are_read_wherever_the_client_splits_them()
    {
        await using var fake = FakeRedis.Start();
        await using var client = await RawClient.ConnectAsync(fake.Port);
        const string commands = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

        foreach (var character in commands)
        {
            await client.SendAsync(character.ToString());
        }

        Assert.Equal("+OK\r\n$4\r\na\r\nb\r\n", await client.ReadUntilAsync("a\r\nb\r\n"));
        Assert.Equal([["SET", "k", "a\r\nb"], ["GET", "k"]], fake.Connections[0].Commands);
    }

    [Fact(Timeout = Limit)]
    public async Task It_splits_replies_at_every_byte()
    {
        await using var fake = FakeRedis.Start();
        fake.SplitsBytes = true;
        await using var client = await RawClient.ConnectAsync(fake.Port);

        await client.SendAsync($"ECHO {new string('x', 500)}\r\n");
        var reply = await client.ReadUntilAsync("xx\r\n");

        Assert.Equal($"$500\r\n{new string('x', 500)}\r\n", reply);
        Assert.Equal(reply.Length, fake.Connections[0].Writes);
    }

    [Fact(Timeout = Limit)]
    public async Task It_stalls_until_released_and_records_what_arrives_meanwhile()
    {
        var release = new TaskCompletionSource();
        await using var fake = FakeRedis.Start((connection, command) =>
            FakeConnection.Is(command, "GET") ? connection.DefaultReply(command).After(release.Task) : null);
        await using var client = await RawClient.ConnectAsync(fake.Port);

        await client.SendAsync("GET a\r\nPING\r\n");
        var connection = await fake.WaitForCommandAsync("PING");
        Assert.Equal(0, connection.Writes);
        release.SetResult();

        Assert.Equal("$-1\r\n+PONG\r\n", await client.ReadUntilAsync("PONG\r\n"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_stalled_connection_can_still_be_closed()
    {
        await using var fake = FakeRedis.Start(static (_, _) => FakeReply.Stall);
        await using var client = await RawClient.ConnectAsync(fake.Port);
        await client.SendAsync("PING\r\n");
        await fake.WaitForCommandAsync("PING");

        await fake.CloseAllConnectionsAsync();

        Assert.Equal("", await client.ReadToEndAsync());
        Assert.True(fake.Connections[0].Closed.IsCompletedSuccessfully);
    }

    [Theory(Timeout = Limit)]
    [InlineData("before", "")]
    [InlineData("inside", "$5\r\nhe")]
    [InlineData("after", "$5\r\nhello\r\n")]
    public async Task It_closes_before_inside_and_after_a_reply(string where, string received)
    {
        await using var fake = FakeRedis.Start((_, _) => where switch
        {
            "before" => FakeReply.Close,
            "inside" => FakeReply.Bulk("hello").CutAt(6),
            _ => FakeReply.Bulk("hello").ThenClose(),
        });
        await using var client = await RawClient.ConnectAsync(fake.Port);

        await client.SendAsync("GET key\r\n");

        Assert.Equal(received, await client.ReadToEndAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task A_connection_can_end_with_a_reset()
    {
        await using var fake = FakeRedis.Start();
        await using var client = await RawClient.ConnectAsync(fake.Port);
        var connection = await fake.WaitForConnectionAsync(1);

        await connection.CloseAsync(reset: true);

        var failure = await Assert.ThrowsAsync<IOException>(client.ReadToEndAsync);
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
    }

    [Fact(Timeout = Limit)]
    public async Task It_writes_whatever_the_test_wants()
    {
        FakeReply[] replies =
        [
            FakeReply.HugeLength, FakeReply.HugeCount, FakeReply.StreamedString, FakeReply.StreamedArray, FakeReply.Garbage, FakeReply.Loading,
            FakeReply.Moved(7, "127.0.0.1:1"), FakeReply.Ask(7, "127.0.0.1:1"), FakeReply.Nothing,
            FakeReply.Push(FakeReply.Bulk("invalidate"), FakeReply.Array(FakeReply.Bulk("key"))).Then(FakeReply.Number(-1)),
            FakeReply.Raw([0, 255]).ThenClose(),
        ];
        var turn = 0;
        await using var fake = FakeRedis.Start((_, _) => replies[turn++]);
        await using var client = await RawClient.ConnectAsync(fake.Port);
        var expected = string.Concat(replies.Select(static reply => Encoding.Latin1.GetString(reply.Bytes)));

        var received = new StringBuilder();
        foreach (var reply in replies)
        {
            await client.SendAsync("GET key\r\n");
            received.Append(await client.ReadExactlyAsync(reply.Bytes.Length));
        }

        Assert.Equal(expected, received.ToString());
        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Contains(">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n:-1\r\n", expected, StringComparison.Ordinal);
        Assert.Contains("-MOVED 7 127.0.0.1:1\r\n-ASK 7 127.0.0.1:1\r\n", expected, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_no_command_is_answered_with_an_error_and_the_end()
    {
        await using var fake = FakeRedis.Start();
        await using var client = await RawClient.ConnectAsync(fake.Port);

        await client.SendAsync("*1\r\n:1\r\n");

        Assert.Equal("-ERR Protocol error: expected '$', got ':1'\r\n", await client.ReadToEndAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task It_refuses_connections_while_it_does_not_listen()
    {
        await using var fake = FakeRedis.Start();

        await fake.StopListeningAsync();
        await Assert.ThrowsAsync<SocketException>(() => RawClient.ConnectAsync(fake.Port));
        fake.Listen();

        await using var client = await RawClient.ConnectAsync(fake.Port);
        await client.SendAsync("PING\r\n");
        Assert.Equal("+PONG\r\n", await client.ReadUntilAsync("\r\n"));
    }

    [Fact(Timeout = Limit)]
    public async Task It_leaves_what_clients_send_unread_until_told_to_read()
    {
        var read = new TaskCompletionSource();
        await using var fake = FakeRedis.Start();
        fake.ReadGate = read.Task;
        await using var client = await RawClient.ConnectAsync(fake.Port);

        await client.SendAsync("PING\r\n");
        await fake.WaitForConnectionAsync(1);
        Assert.Empty(fake.Connections[0].Commands);
        read.SetResult();

        Assert.Equal("+PONG\r\n", await client.ReadUntilAsync("\r\n"));
    }

    [Fact(Timeout = Limit)]
    public async Task Waiting_for_what_does_not_happen_ends()
    {
        await using var fake = FakeRedis.Start();

        var told = await Assert.ThrowsAsync<TimeoutException>(() => fake.WaitForCommandAsync("PING", TimeSpan.FromMilliseconds(50)));

        Assert.Contains("PING", told.Message, StringComparison.Ordinal);
    }
}
