using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Connection;

public sealed class HandshakeTests(SharedRedis shared)
{
    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_does_not_know_hello_is_spoken_to_in_resp2_with_auth_and_select()
    {
        await using var fake = FakeRedis.Start();
        (fake.IsResp2Only, fake.User, fake.Password) = (true, "miller", "secret");
        await using var client = await TestOptions.ConnectAsync(fake.Address + ",user=miller,password=secret,defaultDatabase=5,name=tester");

        await client.SetAsync("a", "1");

        Assert.Null(await client.GetAsync("none")); // as RESP2 writes it
        Assert.Equal("1", fake.Values["5 a"]);
        Assert.Equal((2, "tester"), (fake.Connections[^1].Protocol, fake.Connections[^1].Name));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_password_alone_is_the_default_users_in_resp2_too()
    {
        await using var fake = FakeRedis.Start();
        (fake.IsResp2Only, fake.Password) = (true, "secret");
        await using var client = await TestOptions.ConnectAsync(fake.Address + ",password=secret");

        Assert.True(await client.SetAsync("a", "1"));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Who_demands_resp3_is_not_given_resp2()
    {
        await using var fake = FakeRedis.Start();
        fake.IsResp2Only = true;

        var error = await Assert.ThrowsAnyAsync<RedisException>(() => TestOptions.ConnectAsync(fake.Address, static options => options.Protocol = RedisProtocol.Resp3));

        Assert.Contains("HELLO", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(fake.Connections, static connection => connection.Commands.Any(static command => !FakeConnection.Is(command, "HELLO")));
    }

    [Theory(Timeout = TestOptions.Limit)]
    [InlineData(false, "", "NOAUTH")]
    [InlineData(false, ",password=wrong", "WRONGPASS")]
    [InlineData(true, "", "NOAUTH")]
    [InlineData(true, ",password=wrong", "WRONGPASS")]
    public async Task Refused_credentials_name_the_server_and_the_options(bool isOld, string credentials, string code)
    {
        await using var fake = FakeRedis.Start();
        (fake.IsResp2Only, fake.Password) = (isOld, "right");

        var error = await Assert.ThrowsAnyAsync<RedisException>(() => TestOptions.ConnectAsync(fake.Address + credentials));

        Assert.Contains(fake.Address, error.Message, StringComparison.Ordinal);
        Assert.Contains(code, error.Message, StringComparison.Ordinal);
        Assert.Contains("Check User and Password", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_refuses_while_it_loads_is_tried_again()
    {
        var refusals = 3;
        await using var fake = FakeRedis.Start((_, command) => FakeConnection.Is(command, "HELLO") && Interlocked.Decrement(ref refusals) >= 0 ? FakeReply.Loading : null);

        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.AbortOnConnectFailure = false);

        Assert.True(await client.SetAsync("a", "1"));
        Assert.Equal(4, fake.Connections.Count);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_says_nothing_is_given_up_after_the_time_out()
    {
        await using var fake = FakeRedis.Start(static (_, _) => FakeReply.Stall);

        var error = await Assert.ThrowsAsync<RedisConnectionException>(() =>
            TestOptions.ConnectAsync(fake.Address, static options => options.ConnectTimeout = TimeSpan.FromMilliseconds(200)));

        Assert.Contains("200 ms (ConnectTimeout)", error.Message, StringComparison.Ordinal);
        Assert.Equal(fake.Address, error.Server);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_connection_that_breaks_during_the_handshake_repeats_no_part_of_it_as_a_command()
    {
        var breaks = 3;
        await using var fake = FakeRedis.Start((_, command) => FakeConnection.Is(command, "CLIENT") && Interlocked.Decrement(ref breaks) >= 0 ? FakeReply.Close : null);

        await using var client = await TestOptions.ConnectAsync(
            fake.Address, static options => (options.AbortOnConnectFailure, options.RetryReads) = (false, true));

        Assert.True(await client.SetAsync("a", "1"));
        Assert.Equal(["HELLO", "CLIENT", "SET"], fake.Connections[^1].Commands.Select(static command => command[0]));
        Assert.Equal(0, Assert.Single(client.GetStatistics()).Waiting);
    }

    [Theory(Timeout = TestOptions.Limit)]
    [InlineData(RedisProtocol.Auto)]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task A_real_server_shows_the_connections_name_and_database(RedisProtocol protocol)
    {
        var name = $"tester-{Guid.NewGuid():N}";
        await using var client = await TestOptions.ConnectAsync(shared.Server.Address, options => (options.ClientName, options.Database, options.Protocol) = (name, 9, protocol));

        await client.SetAsync(name, "1");

        var line = Assert.Single((await shared.Server.CommandAsync("CLIENT", "LIST")).Text!.Split('\n'), line => line.Contains(name, StringComparison.Ordinal));
        Assert.Contains(" db=9 ", line, StringComparison.Ordinal);
        Assert.Contains(protocol == RedisProtocol.Resp2 ? "resp=2" : "resp=3", line, StringComparison.Ordinal);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_real_server_takes_a_user_with_a_password_and_refuses_a_wrong_one()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { User = "miller", Password = "secret" });
        await using var client = await TestOptions.ConnectAsync(server.Address + ",user=miller,password=secret");

        Assert.True(await client.SetAsync("a", "1"));
        foreach (var credentials in new[] { ",user=miller,password=wrong", ",password=secret", "" })
        {
            var error = await Assert.ThrowsAnyAsync<RedisException>(() => TestOptions.ConnectAsync(server.Address + credentials));
            Assert.Contains("Check User and Password", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Connecting_can_be_given_up()
    {
        await using var fake = FakeRedis.Start(static (_, _) => FakeReply.Stall);
        using var source = new CancellationTokenSource();

        var connecting = RedisClient.ConnectAsync(TestOptions.For(fake.Address), source.Token).AsTask();
        await fake.WaitForCommandAsync("HELLO");
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        await fake.Connections[0].Closed;
    }
}
