using System.Globalization;
using System.Text;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sessions;

public sealed class BlockingTests(SharedRedis redis)
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Servers => RedisServers.All();

    public static TheoryData<string> RedisOnly => RedisServers.RedisOnly();

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_value_that_is_there_is_taken_at_once(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var (list, other, set) = (SessionClients.Key("list"), SessionClients.Key("other"), SessionClients.Key("set"));
        await client.RPushAsync(list, ["a", "b", "c", "d"]);
        await client.ZAddAsync(set, "m", 1.5);
        await client.ZAddAsync(set, "n", 2.5);

        Assert.Equal("a", Text(await client.BLPopAsync(list, Long)));
        Assert.Equal("d", Text(await client.BRPopAsync(list, Long)));
        Assert.Equal("b", Text(await client.BLMoveAsync(list, other, RedisListEnd.Left, RedisListEnd.Right, Long)));
        var popped = (await client.BLPopAsync([SessionClients.Key("none"), list], Long))!.Value;
        Assert.Equal((new RedisKey(list), "c"), (popped.Key, popped.ValueText));
        Assert.Equal("b", (await client.BRPopAsync([other], Long))!.Value.ValueText);
        Assert.Equal(("m", 1.5), await client.BZPopMinAsync(set, Long) is { } least ? (least.MemberText, least.Score) : default);
        var greatest = (await client.BZPopMaxAsync([set], Long))!.Value;
        Assert.Equal((new RedisKey(set), "n", 2.5), (greatest.Key, greatest.Member.MemberText, greatest.Member.Score));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_value_that_comes_later_is_waited_for_while_others_go_on(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var list = SessionClients.Key("list");

        var waiting = client.BLPopAsync(list, Timeout.InfiniteTimeSpan).AsTask();
        Assert.Null(await client.GetAsync(SessionClients.Key("other"))); // the shared connection is free
        await client.RPushAsync(list, "late");

        Assert.Equal("late", Text(await waiting.WaitAsync(SessionClients.Limit)));
    }

    /// <summary>A peer rounded time-outs below a second down to zero, which is for ever.</summary>
    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Tiny_timeouts_end(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var (list, set) = (SessionClients.Key("list"), SessionClients.Key("set"));

        foreach (var tiny in new[] { TimeSpan.FromMilliseconds(1), TimeSpan.FromTicks(1), TimeSpan.Zero, TimeSpan.FromMicroseconds(1500) })
        {
            Assert.Null(await client.BLPopAsync(list, tiny).AsTask().WaitAsync(SessionClients.Limit));
            Assert.Null(await client.BRPopAsync([list], tiny).AsTask().WaitAsync(SessionClients.Limit));
            Assert.Null(await client.BLMoveAsync(list, list, RedisListEnd.Left, RedisListEnd.Right, tiny).AsTask().WaitAsync(SessionClients.Limit));
            Assert.Null(await client.BZPopMinAsync(set, tiny).AsTask().WaitAsync(SessionClients.Limit));
            Assert.Null(await client.BZPopMaxAsync([set], tiny).AsTask().WaitAsync(SessionClients.Limit));
        }
    }

    [Fact]
    public async Task Timeouts_out_of_range_are_refused()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.BLPopAsync("list", TimeSpan.FromSeconds(-1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.BZPopMinAsync("set", TimeSpan.FromDays(366)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.BLPopAsync([], Long));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task A_cancelled_wait_ends_and_its_connection_is_used_again(string server)
    {
        await using var client = await SessionClients.ConnectAsync(redis, server, static options => options.MaximumDedicatedConnections = 1);
        var list = SessionClients.Key("list");

        for (var i = 0; i < 20; i++)
        {
            using var cancel = new CancellationTokenSource();
            var waiting = client.BLPopAsync(list, Timeout.InfiniteTimeSpan, cancel.Token).AsTask();
            await cancel.CancelAsync();

            var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(SessionClients.Limit));
            Assert.Equal(cancel.Token, error.CancellationToken);
        }

        await client.RPushAsync(list, "x");
        Assert.Equal("x", Text(await client.BLPopAsync(list, Long)));
        Assert.Equal(1, client.Topology.NodeOf(-1).Dedicated.Count);
    }

    /// <remarks>Not with Garnet, which itself loses what is pushed while it unblocks.</remarks>
    [Theory]
    [MemberData(nameof(RedisOnly))]
    public async Task Cancelling_while_a_value_is_pushed_loses_none(string server)
    {
        const int Rounds = 1000;
        await using var client = await SessionClients.ConnectAsync(redis, server);
        var list = SessionClients.Key("list");
        var seed = Guid.NewGuid().GetHashCode();
        TestContext.Current.SendDiagnosticMessage("seed {0}", seed);
        var random = new Random(seed);
        var (taken, cancelled) = (new HashSet<int>(), 0);

        for (var i = 0; i < Rounds; i++)
        {
            using var cancel = new CancellationTokenSource();
            var waiting = client.BLPopAsync(list, Timeout.InfiniteTimeSpan, cancel.Token).AsTask();
            if (i % 2 == 0)
            {
                await client.GetAsync(list + "-"); // by then the wait has mostly reached the server; else it has not
            }

            // Both begin at once, one of them a moment later: a push takes about as long as an unblocking.
            var (pushPause, cancelPause) = (random.Next(4000), random.Next(4000));
            var push = Task.Run(() =>
            {
                Thread.SpinWait(pushPause);
                return client.RPushAsync(list, i).AsTask();
            });
            await Task.Run(() =>
            {
                Thread.SpinWait(cancelPause);
                return cancel.CancelAsync();
            });
            await push.WaitAsync(SessionClients.Limit);
            try
            {
                Assert.True(taken.Add(Number((await waiting.WaitAsync(SessionClients.Limit))!)));
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
        }

        while (await client.LPopAsync(list) is { } left)
        {
            Assert.True(taken.Add(Number(left)));
        }

        Assert.Equal(Enumerable.Range(0, Rounds), taken.Order());
        Assert.True(cancelled is > 0 and < Rounds, $"The race was not met: {cancelled} of {Rounds} were cancelled (seed {seed}).");
    }

    [Fact]
    public async Task A_blocked_wait_ends_with_an_error_when_the_server_restarts()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await SessionClients.ConnectAsync(server);
        var waiting = client.BLPopAsync("list", Timeout.InfiniteTimeSpan).AsTask();
        await UntilBlockedAsync(server, 1);

        await server.RestartAsync();

        var error = await Assert.ThrowsAsync<RedisConnectionException>(() => waiting.WaitAsync(SessionClients.Limit));
        Assert.Equal((RedisDelivery.MayHaveRun, "BLPOP", server.Address), (error.Delivery, error.Command, error.Server));
        Assert.Null(await client.BLPopAsync("list", TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task A_blocked_wait_ends_with_an_error_when_its_connection_is_killed()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await SessionClients.ConnectAsync(server);
        var waiting = client.BLMoveAsync("list", "other", RedisListEnd.Left, RedisListEnd.Left, Timeout.InfiniteTimeSpan).AsTask();
        await UntilBlockedAsync(server, 1);

        await server.CommandAsync("CLIENT", "KILL", "TYPE", "normal");

        var error = await Assert.ThrowsAsync<RedisConnectionException>(() => waiting.WaitAsync(SessionClients.Limit));
        Assert.Equal(RedisDelivery.MayHaveRun, error.Delivery);
    }

    [Fact]
    public async Task A_server_that_stops_answering_ends_the_wait_after_both_timeouts()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await SessionClients.ConnectAsync(server, static options => options.CommandTimeout = TimeSpan.FromSeconds(1));
        var waiting = client.BLPopAsync("list", TimeSpan.FromMilliseconds(500)).AsTask();
        await UntilBlockedAsync(server, 1);
        await server.PauseAsync();

        await Assert.ThrowsAsync<RedisTimeoutException>(() => waiting.WaitAsync(SessionClients.Limit));
        await server.ResumeAsync();
    }

    [Fact]
    public async Task A_user_who_may_not_unblock_is_cancelled_by_closing_the_connection()
    {
        await using var server = await RedisServer.StartAsync();
        await server.CommandAsync("ACL", "SETUSER", "worker", "on", ">secret", "~*", "&*", "+@all", "-client|unblock");
        await using var client = await SessionClients.ConnectAsync(server, static options => (options.User, options.Password) = ("worker", "secret"));
        using var cancel = new CancellationTokenSource();
        var waiting = client.BLPopAsync("list", Timeout.InfiniteTimeSpan, cancel.Token).AsTask();
        await UntilBlockedAsync(server, 1);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(SessionClients.Limit));
        await UntilBlockedAsync(server, 0);
    }

    [Fact]
    public async Task A_value_of_the_wrong_type_is_the_servers_error()
    {
        await using var client = await SessionClients.ConnectAsync(redis, RedisServers.Resp3);
        var key = SessionClients.Key("text");
        await client.SetAsync(key, "x");

        Assert.Equal("WRONGTYPE", (await Assert.ThrowsAsync<RedisServerException>(() => client.BLPopAsync(key, Long).AsTask())).Code);
    }

    [Fact]
    public async Task Disposing_the_client_ends_its_waits()
    {
        await using var server = await RedisServer.StartAsync();
        var client = await SessionClients.ConnectAsync(server, static options => options.MaximumDedicatedConnections = 1);
        var blocked = client.BLPopAsync("list", Timeout.InfiniteTimeSpan).AsTask();
        await UntilBlockedAsync(server, 1);
        var waiting = client.BLPopAsync("list", Timeout.InfiniteTimeSpan).AsTask();

        await client.DisposeAsync();

        await Assert.ThrowsAsync<RedisConnectionException>(() => blocked.WaitAsync(SessionClients.Limit));
        await Assert.ThrowsAsync<RedisConnectionException>(() => waiting.WaitAsync(SessionClients.Limit));
    }

    /// <summary>Waits until so many clients of a server are blocked, as it tells itself.</summary>
    private static async Task UntilBlockedAsync(RedisServer server, int count)
    {
        await using var control = await server.ConnectAsync();
        using var limit = new CancellationTokenSource(SessionClients.Limit);
        while ((await control.SendAsync("INFO", "clients")).Fields()["blocked_clients"] != count.ToString(CultureInfo.InvariantCulture))
        {
            limit.Token.ThrowIfCancellationRequested(); // each round asks the server, which takes a moment
        }
    }

    private static int Number(byte[] value) => int.Parse(value, CultureInfo.InvariantCulture);

    private static string? Text(byte[]? value) => value is null ? null : Encoding.UTF8.GetString(value);
}
