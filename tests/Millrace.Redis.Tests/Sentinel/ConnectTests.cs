using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sentinel;

/// <summary>Finding the primary of a real group, and what is said when that fails.</summary>
[Collection(HeavyCollection.Name)]
public sealed class ConnectTests(SharedSentinel shared, SharedRedis alone)
{
    private const int Limit = 180_000;

    [Theory(Timeout = Limit)]
    [InlineData(RedisProtocol.Auto)]
    [InlineData(RedisProtocol.Resp2)]
    public async Task The_Sentinels_lead_to_the_primary(RedisProtocol protocol)
    {
        var group = await shared.GetAsync();
        var options = Options(group);
        options.Protocol = protocol;
        await using var client = await RedisClient.ConnectAsync(options);

        await client.SetAsync($"sentinel:connect:{protocol}", "value");

        Assert.True(client.IsConnected);
        var primary = await group.CurrentPrimaryAsync();
        Assert.Equal("value", (await primary.CommandAsync("GET", $"sentinel:connect:{protocol}")).Text);
    }

    [Fact(Timeout = Limit)]
    public async Task A_connection_string_leads_there_too()
    {
        var group = await shared.GetAsync();
        await using var client = await RedisClient.ConnectAsync(
            $"redis+sentinel://{string.Join(',', group.Sentinels.Select(static sentinel => sentinel.Address))}/{SentinelGroup.MasterName}");

        Assert.True(await client.SetAsync("sentinel:uri", "value"));
    }

    [Fact(Timeout = Limit)]
    public async Task Sentinels_that_cannot_be_reached_are_passed_over()
    {
        var group = await shared.GetAsync();
        var options = new RedisOptions
        {
            Endpoints = { new RedisEndpoint("127.0.0.1", RedisPorts.Next()), new RedisEndpoint("127.0.0.1", group.Sentinels[1].Port) },
            SentinelServiceName = SentinelGroup.MasterName,
        };
        await using var client = await RedisClient.ConnectAsync(options);

        Assert.True(await client.SetAsync("sentinel:passed", "value"));
    }

    [Fact(Timeout = Limit)]
    public async Task Each_side_is_shown_its_own_password_only()
    {
        var setup = new SentinelSetup { User = "miller", Password = "pass-data", SentinelPassword = "pass-Sentinels" };
        await using var group = await SentinelGroup.StartAsync(setup);
        var options = Options(group);
        (options.User, options.Password, options.SentinelPassword) = ("miller", "pass-data", "pass-Sentinels");
        await using (var client = await RedisClient.ConnectAsync(options))
        {
            Assert.True(await client.SetAsync("key", "value"));
        }

        options.SentinelPassword = null;
        var sentinel = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync(options));
        options.SentinelPassword = "pass-nobody";
        var wrong = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync(options));
        (options.SentinelPassword, options.User, options.Password) = ("pass-Sentinels", null, null);
        var data = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync(options));

        Assert.Contains("SentinelPassword", sentinel.Message, StringComparison.Ordinal);
        Assert.Contains("NOAUTH", sentinel.Message, StringComparison.Ordinal);
        Assert.Contains("SentinelPassword", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("WRONGPASS", wrong.Message, StringComparison.Ordinal);
        Assert.Contains($"{group.Servers[0].Address} refused the credentials (NOAUTH", data.Message, StringComparison.Ordinal);
        Assert.Contains("Check User and Password", data.Message, StringComparison.Ordinal);
        Assert.All(
            new[] { sentinel, wrong, data }.SelectMany(static _ => new[] { "pass-data", "pass-Sentinels", "pass-nobody" }, static (error, secret) => (Text: error.ToString(), secret)),
            static shown => Assert.DoesNotContain(shown.secret, shown.Text, StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task An_unknown_service_is_named_with_those_that_are_known()
    {
        var group = await shared.GetAsync();
        var options = Options(group);
        options.SentinelServiceName = "other";

        var error = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync(options));

        Assert.Contains("watches no service 'other'. Check SentinelServiceName; it watches 'mymaster'.", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Sentinels_that_do_not_answer_are_named()
    {
        var options = new RedisOptions
        {
            Endpoints = { new RedisEndpoint("127.0.0.1", RedisPorts.Next()) },
            SentinelServiceName = "mymaster",
            ConnectTimeout = TimeSpan.FromMilliseconds(300),
        };

        var error = await Assert.ThrowsAsync<RedisConnectionException>(async () => await RedisClient.ConnectAsync(options));

        Assert.Contains($"No primary of 'mymaster' was found through the Sentinels {options.Endpoints[0]}.", error.Message, StringComparison.Ordinal);
        Assert.Contains("Check Endpoints", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_data_server_is_not_taken_for_a_Sentinel()
    {
        var options = new RedisOptions { Endpoints = { new RedisEndpoint("127.0.0.1", alone.Server.Port) }, SentinelServiceName = "mymaster" };

        var error = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync(options));

        Assert.Contains($"{alone.Server.Address} is no Sentinel", error.Message, StringComparison.Ordinal);
        Assert.Contains("remove SentinelServiceName", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_Sentinel_is_not_taken_for_a_data_server()
    {
        var group = await shared.GetAsync();

        var error = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync(group.Sentinels[0].Address));

        Assert.Contains("is a Sentinel. Set SentinelServiceName", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Reads_from_replicas_are_refused_on_a_server_of_its_own()
    {
        var options = new RedisOptions { Endpoints = { new RedisEndpoint("127.0.0.1", alone.Server.Port) }, ReadFrom = RedisReadFrom.PreferReplica };

        var error = await Assert.ThrowsAnyAsync<RedisException>(async () => await RedisClient.ConnectAsync(options));

        Assert.Contains("ReadFrom is PreferReplica", error.Message, StringComparison.Ordinal);
        Assert.Contains("set ReadFrom to Primary", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Without_abort_on_failure_commands_wait_until_the_Sentinels_are_there()
    {
        await using var primary = FakeRedis.Start();
        await using var sentinel = new FakeSentinel(primary);
        await sentinel.Server.StopListeningAsync();
        var options = sentinel.Options();
        options.AbortOnConnectFailure = false;
        options.ConnectTimeout = TimeSpan.FromMilliseconds(300);
        await using var client = await RedisClient.ConnectAsync(options);
        Assert.False(client.IsConnected);
        var waiting = client.SetAsync("key", "value").AsTask();

        sentinel.Server.Listen();

        Assert.True(await waiting);
        Assert.True(client.IsConnected);
    }

    internal static RedisOptions Options(SentinelGroup group)
    {
        var options = new RedisOptions { SentinelServiceName = SentinelGroup.MasterName };
        foreach (var sentinel in group.Sentinels)
        {
            options.Endpoints.Add(new RedisEndpoint("127.0.0.1", sentinel.Port));
        }

        return options;
    }
}
