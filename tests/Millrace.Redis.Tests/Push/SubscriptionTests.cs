using System.Globalization;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Push;

public sealed class SubscriptionTests(SharedRedis shared)
{
    internal const int Limit = 120_000;

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Messages_of_a_channel_come_in_order_with_all_their_bytes(string server)
    {
        const int Count = 500;
        var channel = Name();
        await using var client = await ConnectAsync(server);
        await using var subscription = await client.SubscribeAsync(channel);
        await using var control = await ControlAsync(server);
        byte[] payload = [0, (byte)'\r', (byte)'\n', 255, (byte)'*', (byte)'>'];

        for (var i = 0; i < Count; i++)
        {
            await control.SendAsync("PUBLISH", channel, i.ToString(CultureInfo.InvariantCulture));
        }

        await control.SendAsync(["PUBLISH"u8.ToArray(), System.Text.Encoding.UTF8.GetBytes(channel), payload]);
        for (var i = 0; i < Count; i++)
        {
            var message = await ReadAsync(subscription);
            Assert.Equal((RedisMessageKind.Channel, i.ToString(CultureInfo.InvariantCulture)), (message.Kind, message.Text));
        }

        var last = await ReadAsync(subscription);
        Assert.Equal(channel, last.Channel.ToString());
        Assert.Null(last.Pattern);
        Assert.Equal(payload, last.Payload.ToArray());
        Assert.False(subscription.TryRead(out _));
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task A_pattern_gives_the_messages_of_the_channels_that_fit(string server)
    {
        var name = Name();
        await using var client = await ConnectAsync(server);
        await using var subscription = await client.PatternSubscribeAsync($"{name}:*");

        await shared.CommandAsync(server, "PUBLISH", $"{name}", "no");
        await shared.CommandAsync(server, "PUBLISH", $"{name}:a", "yes");
        var message = await ReadAsync(subscription);

        Assert.Equal((RedisMessageKind.Pattern, "yes", $"{name}:a", $"{name}:*"), (message.Kind, message.Text, message.Channel.ToString(), message.Pattern?.ToString()));
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task A_sharded_channel_gives_its_messages_apart_from_the_others(string server)
    {
        var name = Name();
        await using var client = await ConnectAsync(server);
        await using var sharded = await client.ShardSubscribeAsync(name);
        await using var plain = await client.SubscribeAsync(name);

        await shared.CommandAsync(server, "PUBLISH", name, "plain");
        await shared.CommandAsync(server, "SPUBLISH", name, "sharded");

        Assert.Equal((RedisMessageKind.Shard, "sharded"), (await ReadAsync(sharded)) is var first ? (first.Kind, first.Text) : default);
        Assert.Equal((RedisMessageKind.Channel, "plain"), (await ReadAsync(plain)) is var second ? (second.Kind, second.Text) : default);
        Assert.False(sharded.TryRead(out _));
        Assert.False(plain.TryRead(out _));
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Subscriptions_to_one_channel_share_one_at_the_server_and_the_last_ends_it(string server)
    {
        var channel = Name();
        await using var client = await ConnectAsync(server);
        var first = await client.SubscribeAsync(channel);
        var second = await client.SubscribeAsync([channel, channel, $"{channel}2"]);
        Assert.Equal(1, await SubscribersAsync(channel));

        await shared.Server.CommandAsync("PUBLISH", channel, "both");
        Assert.Equal("both", (await ReadAsync(first)).Text);
        Assert.Equal("both", (await ReadAsync(second)).Text);
        Assert.False(second.TryRead(out _));

        await first.DisposeAsync();
        await shared.Server.CommandAsync("PUBLISH", channel, "one");
        Assert.Equal("one", (await ReadAsync(second)).Text);
        await second.DisposeAsync();
        await Poll.UntilAsync(async () => await SubscribersAsync(channel) == 0 ? null : "subscribed", "nobody is subscribed");
        await using var third = await client.SubscribeAsync(channel);
        await shared.Server.CommandAsync("PUBLISH", channel, "again");
        Assert.Equal("again", (await ReadAsync(third)).Text);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.ReadAsync().AsTask());
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Subscribing_and_leaving_at_random_never_leaves_the_server_with_another_idea(string server)
    {
        const int Seed = 71;
        var name = Name();
        await using var client = await ConnectAsync(server);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(Seed + worker);
            for (var round = 0; round < 60; round++)
            {
                var channel = $"{name}{random.Next(4)}";
                await using var subscription = await client.SubscribeAsync(channel);
                await shared.Server.CommandAsync("PUBLISH", channel, $"{worker}:{round}");
                RedisMessage message;
                do
                {
                    message = await ReadAsync(subscription); // its own comes, whoever else publishes or leaves
                    Assert.Equal(RedisMessageKind.Channel, message.Kind);
                    Assert.Equal(channel, message.Channel.ToString());
                }
                while (message.Text != $"{worker}:{round}");
            }
        })));

        for (var i = 0; i < 4; i++)
        {
            await Poll.UntilAsync(async () => await SubscribersAsync($"{name}{i}") == 0 ? null : "subscribed", "nobody is subscribed");
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_larger_than_any_block_comes_whole()
    {
        var channel = Name();
        await using var client = await ConnectAsync(RedisServers.Resp3);
        await using var subscription = await client.SubscribeAsync(channel);
        var payload = new byte[3 * 1024 * 1024];
        new Random(5).NextBytes(payload);

        await using var control = await shared.Server.ConnectAsync();
        await control.SendAsync(["PUBLISH"u8.ToArray(), System.Text.Encoding.UTF8.GetBytes(channel), payload]);

        var received = (await ReadAsync(subscription)).Payload;
        Assert.True(payload.AsSpan().SequenceEqual(received.Span));
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task A_slow_reader_is_bounded_and_told_what_it_missed(string server)
    {
        const int Count = 1_000;
        var channel = Name();
        await using var client = await ConnectAsync(server);
        await using var slow = await client.SubscribeAsync([channel], new RedisSubscriptionOptions { BufferMessages = 10 });
        await using var quick = await client.SubscribeAsync([channel], new RedisSubscriptionOptions { BufferMessages = 2 * Count });

        await using var control = await shared.Server.ConnectAsync();
        for (var i = 0; i < Count; i++)
        {
            await control.SendAsync("PUBLISH", channel, i.ToString(CultureInfo.InvariantCulture));
        }

        for (var i = 0; i < Count; i++)
        {
            Assert.Equal(i.ToString(CultureInfo.InvariantCulture), (await ReadAsync(quick)).Text); // all have arrived
        }

        await Poll.UntilAsync(() => Task.FromResult(slow.Dropped == Count - 10 ? null : $"{slow.Dropped} dropped"), "all but ten are dropped");
        var mark = await ReadAsync(slow);
        Assert.Equal((RedisMessageKind.Missed, (long)Count - 10), (mark.Kind, mark.Dropped));
        for (var i = Count - 10; i < Count; i++)
        {
            Assert.Equal(i.ToString(CultureInfo.InvariantCulture), (await ReadAsync(slow)).Text);
        }
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Enumeration_ends_when_the_subscription_is_disposed_and_fails_when_the_client_is(string server)
    {
        var channel = Name();
        var client = await ConnectAsync(server);
        var subscription = await client.SubscribeAsync(channel);
        var other = await client.SubscribeAsync(channel);
        await shared.Server.CommandAsync("PUBLISH", channel, "one");

        await foreach (var message in subscription)
        {
            Assert.Equal("one", message.Text);
            await subscription.DisposeAsync();
        }

        var reading = other.ReadAsync().AsTask();
        Assert.Equal("one", (await reading).Text);
        reading = other.ReadAsync().AsTask();
        await client.DisposeAsync();
        await Assert.ThrowsAsync<RedisConnectionException>(() => reading);
        await Assert.ThrowsAsync<RedisConnectionException>(() => client.SubscribeAsync(channel).AsTask());
        await other.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Channels_are_bounded_and_named()
    {
        await using var client = await ConnectAsync(RedisServers.Resp3, static options => options.MaximumChannels = 2);
        var name = Name();
        await using var two = await client.SubscribeAsync([$"{name}1", $"{name}2"]);
        await using var same = await client.SubscribeAsync($"{name}1");

        var refusal = await Assert.ThrowsAsync<RedisException>(() => client.PatternSubscribeAsync($"{name}1").AsTask());
        Assert.Contains("MaximumChannels", refusal.Message, StringComparison.Ordinal);
        await two.DisposeAsync();
        await Poll.UntilAsync(async () => await SubscribersAsync($"{name}2") == 0 ? null : "subscribed", "it is forgotten");
        await using var next = await client.PatternSubscribeAsync($"{name}1");

        await Assert.ThrowsAsync<ArgumentException>(() => client.SubscribeAsync("").AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => client.SubscribeAsync([]).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => client.ShardSubscribeAsync(["a", Array.Empty<byte>()]).AsTask());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => client.SubscribeAsync(["a"], new RedisSubscriptionOptions { BufferMessages = 0 }).AsTask());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => client.SubscribeAsync(["a"], new RedisSubscriptionOptions { BufferBytes = 1_023 }).AsTask());
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task A_channel_that_the_user_may_not_read_fails_that_call_alone(string server)
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.CommandAsync("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@all", "resetchannels", "&open:*");
        var options = Options(redis.Address, RedisServers.ProtocolOf(server));
        (options.User, options.Password) = ("reader", "secret");
        await using var client = await RedisClient.ConnectAsync(options);
        await using var open = await client.SubscribeAsync("open:1");

        var refusal = await Assert.ThrowsAsync<RedisServerException>(() => client.SubscribeAsync("closed:1").AsTask());
        Assert.Equal("NOPERM", refusal.Code);
        await Assert.ThrowsAsync<RedisServerException>(() => client.SubscribeAsync(["open:2", "closed:1", "open:3"]).AsTask());
        await Assert.ThrowsAsync<RedisServerException>(() => client.ShardSubscribeAsync("closed:1").AsTask());

        await redis.CommandAsync("PUBLISH", "open:1", "still here");
        Assert.Equal("still here", (await ReadAsync(open)).Text); // the same connection: no mark before it
        await Poll.UntilAsync(
            async () => (await redis.CommandAsync("PUBSUB", "CHANNELS")).Texts() is ["open:1"] ? null : "more channels", "what was subscribed beside it is not any more");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task A_quiet_subscriber_asks_with_PING_and_stays(string server)
    {
        await using var redis = await RedisServer.StartAsync();
        var options = Options(redis.Address, RedisServers.ProtocolOf(server));
        options.PingInterval = TimeSpan.FromMilliseconds(100);
        options.ConnectionsPerServer = 1;
        await using var client = await RedisClient.ConnectAsync(options);
        await using var subscription = await client.SubscribeAsync("quiet");

        // The shared connection is quiet too; a dozen pings are more than its own alone could be in the time that any of them took.
        var subscriber = (await SubscribersOfAsync(redis)).Single();
        await Poll.UntilAsync(
            async () => (await SubscribersOfAsync(redis)).Single() is { Command: "ping" } now && now.Id == subscriber.Id ? null : "no ping yet", "the subscriber has asked");
        await Poll.UntilAsync(
            async () => (await redis.InfoAsync("commandstats")).TryGetValue("cmdstat_ping", out var pings) && Calls(pings) >= 12 ? null : "fewer pings", "several pings were answered");
        await redis.CommandAsync("PUBLISH", "quiet", "heard");

        Assert.Equal("heard", (await ReadAsync(subscription)).Text); // no mark: it was never lost
        Assert.Equal(subscriber.Id, (await SubscribersOfAsync(redis)).Single().Id);
    }

    [Fact(Timeout = Limit)]
    public async Task Without_a_server_it_waits_as_long_as_a_command_may_and_says_why()
    {
        await using var redis = await RedisServer.StartAsync();
        var options = Options(redis.Address, 3);
        options.CommandTimeout = TimeSpan.FromMilliseconds(300);
        await using var client = await RedisClient.ConnectAsync(options);
        await redis.KillAsync();

        var timeout = await Assert.ThrowsAsync<RedisTimeoutException>(() => client.SubscribeAsync("a").AsTask());

        Assert.Contains($"there is no connection to {redis.Address}", timeout.Message, StringComparison.Ordinal);
        Assert.Equal((RedisDelivery.NotSent, "SUBSCRIBE"), (timeout.Delivery, timeout.Command));
        using var cancelled = new CancellationTokenSource();
        var waiting = client.SubscribeAsync("b", cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    internal static async Task<RedisMessage> ReadAsync(RedisSubscription subscription)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await subscription.ReadAsync(limit.Token);
    }

    /// <summary>The connections of a server that are subscribed to something.</summary>
    internal static async Task<IReadOnlyList<(string Id, string Command)>> SubscribersOfAsync(RedisServer server) =>
        [.. (await server.CommandAsync("CLIENT", "LIST", "TYPE", "pubsub")).Text!.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split(' ').Select(static field => field.Split('=', 2)).ToDictionary(static field => field[0], static field => field[^1], StringComparer.Ordinal))
            .Select(static fields => (fields["id"], fields["cmd"]))];

    internal static RedisOptions Options(string address, int protocol)
    {
        var options = RedisOptions.Parse(address);
        options.Topology = RedisTopology.Single;
        options.Protocol = protocol == 2 ? RedisProtocol.Resp2 : RedisProtocol.Auto;
        options.CommandTimeout = TimeSpan.FromSeconds(60);
        return options;
    }

    private static long Calls(string statistics) => long.Parse(statistics.Split(',')[0].Split('=')[1], CultureInfo.InvariantCulture);

    private static string Name() => $"push:{Guid.NewGuid():N}";

    private ValueTask<RedisClient> ConnectAsync(string server, Action<RedisOptions>? change = null)
    {
        var options = Options(shared.AddressOf(server), RedisServers.ProtocolOf(server));
        change?.Invoke(options);
        return RedisClient.ConnectAsync(options);
    }

    private Task<RedisControl> ControlAsync(string server) =>
        RedisControl.ConnectAsync(int.Parse(shared.AddressOf(server).Split(':')[1], CultureInfo.InvariantCulture));

    private async Task<long> SubscribersAsync(string channel) => (await shared.Server.CommandAsync("PUBSUB", "NUMSUB", channel))[1].Number;
}
