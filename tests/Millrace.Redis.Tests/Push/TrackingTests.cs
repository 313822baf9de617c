using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Push;

public sealed class TrackingTests(SharedRedis shared)
{
    private const int Limit = 120_000;

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_that_was_read_and_is_written_by_another_client_is_told_once(bool optIn)
    {
        var (key, other) = (Key(), Key());
        await using var client = await ConnectAsync(shared.Server, new RedisTrackingOptions { OptIn = optIn });
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);
        await client.Tracked.GetAsync(key);

        await shared.Server.CommandAsync("SET", key, "1");
        await shared.Server.CommandAsync("SET", key, "2"); // not read since: not told
        await client.Tracked.GetAsync(other);
        await shared.Server.CommandAsync("SET", other, "1");
        await handler.WaitForAsync(other);

        Assert.Equal(["restored 1", key, other], handler.Lines);
    }

    [Fact(Timeout = Limit)]
    public async Task With_opt_in_only_tracked_reads_are_remembered_however_many_others_run_between()
    {
        const int Count = 200;
        var (tracked, plain) = (Key(), Key());
        await using var client = await ConnectAsync(shared.Server, new RedisTrackingOptions { OptIn = true });
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);

        var reads = Enumerable.Range(0, 2 * Count).Select(i => (i % 2 == 0 ? client.Tracked : client).GetAsync($"{(i % 2 == 0 ? tracked : plain)}{i}").AsTask());
        await Task.WhenAll(reads);
        await using var control = await shared.Server.ConnectAsync();
        for (var i = 0; i < 2 * Count; i++)
        {
            await control.SendAsync("SET", i % 2 == 0 ? $"{tracked}{i}" : $"{plain}{i}", "1");
        }

        await client.GetAsync(tracked); // whatever was pushed has come before this reply
        Assert.Equal(Count, handler.Lines.Count(line => line.StartsWith(tracked, StringComparison.Ordinal)));
        Assert.DoesNotContain(handler.Lines, line => line.StartsWith(plain, StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_tracked_read_fits_a_connection_of_any_size()
    {
        await using var client = await ConnectAsync(shared.Server, new RedisTrackingOptions { OptIn = true }, static options => options.MaximumInFlight = 2);
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);
        var key = Key();

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => (i % 3 == 0 ? client : client.Tracked).GetAsync($"{key}{i}").AsTask()));
        await using var control = await shared.Server.ConnectAsync();
        for (var i = 0; i < 100; i++)
        {
            await control.SendAsync("SET", $"{key}{i}", "1");
        }

        await client.GetAsync("x");
        Assert.Equal(66, handler.Lines.Count(line => line.StartsWith(key, StringComparison.Ordinal)));
    }

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Changes_of_its_own_are_told_as_the_options_say(bool noLoop)
    {
        var (key, last) = (Key(), Key());
        await using var client = await ConnectAsync(shared.Server, new RedisTrackingOptions { NoLoop = noLoop });
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);
        await client.GetAsync(key);
        await client.GetAsync(last);

        await client.SetAsync(key, "1");
        await shared.Server.CommandAsync("SET", last, "1");
        await handler.WaitForAsync(last);

        Assert.Equal(noLoop ? 0 : 1, handler.Count(key));
    }

    [Fact(Timeout = Limit)]
    public async Task A_broadcast_tells_every_change_under_its_prefixes_and_no_other()
    {
        var (first, second, other) = (Key(), Key(), Key());
        var tracking = new RedisTrackingOptions { Broadcast = true };
        tracking.Prefixes.Add(first);
        tracking.Prefixes.Add(second);
        await using var client = await ConnectAsync(shared.Server, tracking);
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);

        await using var control = await shared.Server.ConnectAsync();
        await control.SendAsync("SET", $"{first}:1", "never read");
        await control.SendAsync("SET", $"{other}:2", "");
        await control.SendAsync("SET", $"{second}:3", "");
        await handler.WaitForAsync($"{second}:3");

        Assert.Equal(["restored 1", $"{first}:1", $"{second}:3"], handler.Lines);
        Assert.Same(client, client.Tracked);
    }

    [Fact(Timeout = Limit)]
    public async Task A_broadcast_without_prefixes_tells_every_change_and_a_flush_as_one()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server, new RedisTrackingOptions { Broadcast = true });
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);

        await server.CommandAsync("SET", "anything", "1");
        await server.CommandAsync("FLUSHDB");
        await handler.WaitForAsync("all");

        Assert.Equal(["restored 1", "anything", "all"], handler.Lines);
    }

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)] // as on Garnet: CLIENT TRACKING is unknown
    public async Task Optional_tracking_says_of_each_connection_whether_there_is_any(bool isTracked)
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = isTracked ? [] : ["--rename-command", "CLIENT", "CLIENT.OF.TESTS"] });
        await using var client = await ConnectAsync(server, new RedisTrackingOptions { Optional = true });
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);
        await client.GetAsync("k");
        await server.CommandAsync("SET", "k", "1");

        Assert.Equal("1", await client.GetStringAsync("k")); // after whatever was pushed
        Assert.Equal(isTracked ? ["restored 1", "k"] : ["restored 1"], handler.Lines);
        Assert.Equal(isTracked, Assert.Single(handler.Restored).IsTracked);
    }

    [Fact(Timeout = Limit)]
    public async Task Without_tracking_a_connection_is_refused_unless_it_is_optional_and_in_any_case_where_it_is_forbidden()
    {
        await using var server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--rename-command", "CLIENT", "CLIENT.OF.TESTS"] });
        await using var forbidding = await RedisServer.StartAsync();
        await forbidding.CommandAsync("ACL", "SETUSER", "untracked", "on", "nopass", "~*", "&*", "+@all", "-client|tracking");

        await Assert.ThrowsAsync<RedisException>(async () => await ConnectAsync(server, new RedisTrackingOptions()));
        await Assert.ThrowsAsync<RedisException>(async () => await ConnectAsync(
            forbidding, new RedisTrackingOptions { Optional = true }, static options => (options.User, options.Password) = ("untracked", "any")));
    }

    [Fact(Timeout = Limit)]
    public async Task An_expired_key_is_told()
    {
        var key = Key();
        await using var client = await ConnectAsync(shared.Server, new RedisTrackingOptions());
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);
        await shared.Server.CommandAsync("SET", key, "1", "PX", "100");
        Assert.NotNull(await client.GetAsync(key));

        await handler.WaitForAsync(key);
    }

    [Fact(Timeout = Limit)]
    public async Task Trust_is_lost_once_for_each_loss_of_a_connection_and_before_the_next_one_answers()
    {
        const int Rounds = 10;
        await using var server = await RedisServer.StartAsync();
        await using var client = await ConnectAsync(server, new RedisTrackingOptions());
        var handler = new RecordingHandler();
        using var registration = client.AddInvalidationHandler(handler);
        await client.GetAsync("key");

        for (var round = 1; round <= Rounds; round++)
        {
            await KillClientsAsync(server);
            await ReadAsync(client);
            Assert.Equal($"lost {round}", handler.Lines[(2 * round) - 1]); // before the reply that was awaited
            Assert.Equal($"restored {round + 1}", handler.Lines[2 * round]);
        }

        await server.KillAsync();
        await handler.WaitForAsync($"lost {Rounds + 1}");
        await server.RestartAsync();
        await ReadAsync(client);

        Assert.Equal(2 * (Rounds + 1), handler.Lines.Count - 1);
        Assert.All(Enumerable.Range(1, Rounds + 1), number => Assert.Equal(1, handler.Count($"lost {number}")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_handler_that_throws_is_told_that_trust_is_lost_and_harms_nobody_else()
    {
        await using var client = await ConnectAsync(shared.Server, new RedisTrackingOptions());
        var (broken, sound) = (new RecordingHandler { Invalidated = static _ => throw new InvalidOperationException("broken") }, new RecordingHandler());
        using var first = client.AddInvalidationHandler(broken);
        using var second = client.AddInvalidationHandler(sound);
        var key = Key();
        await client.GetAsync(key);

        await shared.Server.CommandAsync("SET", key, "1");
        await sound.WaitForAsync(key);

        Assert.Equal(["restored 1", key, "lost 1", "restored 1"], broken.Lines);
        Assert.Equal(["restored 1", key], sound.Lines);
        Assert.Equal(1, client.InvalidationFaults);
        Assert.NotNull(await client.GetAsync(key)); // the connection lives
        Assert.Equal(2, sound.Lines.Count);
    }

    [Fact(Timeout = Limit)]
    public async Task A_handler_that_was_removed_is_told_nothing()
    {
        await using var client = await ConnectAsync(shared.Server, new RedisTrackingOptions());
        var (removed, left) = (new RecordingHandler(), new RecordingHandler());
        var registration = client.AddInvalidationHandler(removed);
        using var other = client.AddInvalidationHandler(left);
        registration.Dispose();
        registration.Dispose();
        var key = Key();
        await client.GetAsync(key);

        await shared.Server.CommandAsync("SET", key, "1");
        await left.WaitForAsync(key);

        Assert.Equal(["restored 1"], removed.Lines);
    }

    [Fact(Timeout = Limit)]
    public async Task A_read_whose_caching_the_server_refuses_fails_rather_than_pass_for_tracked()
    {
        await using var fake = FakeRedis.Start(static (connection, command) => !FakeConnection.Is(command, "CLIENT") ? null
            : command[1] == "TRACKING" ? FakeReply.Ok
            : command[1] == "CACHING" ? FakeReply.Error("NOPERM this user has no permissions to run the 'client|caching' command")
            : null);
        await using var client = await ConnectAsync(fake.Address, new RedisTrackingOptions { OptIn = true });

        var refusal = await Assert.ThrowsAsync<RedisServerException>(() => client.Tracked.GetAsync("key").AsTask());

        Assert.Equal("NOPERM", refusal.Code);
        Assert.True(await client.SetAsync("key", "1")); // the order of replies is kept
        Assert.Equal("1"u8.ToArray(), await client.GetAsync("key"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_without_RESP3_is_refused_with_the_remedy()
    {
        await using var fake = FakeRedis.Start(static (_, command) =>
            FakeConnection.Is(command, "INFO") ? FakeReply.Bulk("redis_version:5.0.14\r\nredis_mode:standalone\r\nrole:master\r\n") : null);
        fake.IsResp2Only = true;

        var refusal = await Assert.ThrowsAsync<RedisException>(() => ConnectAsync(fake.Address, new RedisTrackingOptions()).AsTask());

        Assert.Contains("speaks RESP2 only: tracking needs RESP3. Leave Tracking null, or use Redis 6 or later.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Without_the_option_there_is_nothing_to_handle()
    {
        await using var client = await RedisClient.ConnectAsync(shared.Server.Address);

        Assert.Throws<InvalidOperationException>(() => client.AddInvalidationHandler(new RecordingHandler()));
        Assert.Throws<InvalidOperationException>(() => client.Tracked);
        Assert.Equal(0, client.InvalidationFaults);
    }

    internal static async Task KillClientsAsync(RedisServer server)
    {
        await using var control = await server.ConnectAsync();
        await control.SendAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    }

    internal static ValueTask<RedisClient> ConnectAsync(RedisServer server, RedisTrackingOptions tracking, Action<RedisOptions>? change = null) =>
        ConnectAsync(server.Address, tracking, change);

    private static ValueTask<RedisClient> ConnectAsync(string address, RedisTrackingOptions tracking, Action<RedisOptions>? change = null)
    {
        var options = RedisOptions.Parse(address);
        options.Topology = RedisTopology.Single;
        options.ConnectionsPerServer = 1;
        options.CommandTimeout = TimeSpan.FromSeconds(60);
        options.Tracking = tracking;
        change?.Invoke(options);
        return RedisClient.ConnectAsync(options);
    }

    private static string Key() => $"tracking:{Guid.NewGuid():N}";

    /// <summary>Reads until a read is answered: one that was on its way when the connection was lost fails.</summary>
    private static Task ReadAsync(RedisClient client) => Poll.UntilAsync(
        async () =>
        {
            try
            {
                await client.GetAsync("key");
                return null;
            }
            catch (RedisConnectionException lost)
            {
                return lost.Message;
            }
        },
        "a read is answered");
}
