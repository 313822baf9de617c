using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Push;

/// <summary>What subscriptions tell when their connection is lost.</summary>
[Collection(HeavyCollection.Name)]
public sealed class SubscriptionLossTests
{
    [Theory(Timeout = SubscriptionTests.Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task After_each_loss_all_are_subscribed_again_and_marked_once_before_what_comes(string server)
    {
        const int Rounds = 10;
        await using var redis = await RedisServer.StartAsync();
        await using var client = await RedisClient.ConnectAsync(SubscriptionTests.Options(redis.Address, RedisServers.ProtocolOf(server)));
        await using var channel = await client.SubscribeAsync(["news", "weather"]);
        await using var pattern = await client.PatternSubscribeAsync("n*");
        await using var shard = await client.ShardSubscribeAsync("shard");

        for (var round = 0; round < Rounds; round++)
        {
            await redis.CommandAsync("CLIENT", "KILL", "TYPE", "pubsub");
            await SubscribedAsync(redis);
            await redis.CommandAsync("PUBLISH", "news", $"{round}");
            await redis.CommandAsync("PUBLISH", "weather", $"{round}");
            await redis.CommandAsync("SPUBLISH", "shard", $"{round}");

            Assert.Equal(["Missed", $"news {round}", $"weather {round}"], await ReadAsync(channel, 3));
            Assert.Equal(["Missed", $"news {round}"], await ReadAsync(pattern, 2));
            Assert.Equal(["Missed", $"shard {round}"], await ReadAsync(shard, 2));
        }

        Assert.Single(await SubscriptionTests.SubscribersOfAsync(redis)); // one connection for all
    }

    [Theory(Timeout = SubscriptionTests.Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task A_server_that_was_down_is_subscribed_to_again(string server)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = await RedisClient.ConnectAsync(SubscriptionTests.Options(redis.Address, RedisServers.ProtocolOf(server)));
        await using var channel = await client.SubscribeAsync(["news", "weather"]);
        await using var pattern = await client.PatternSubscribeAsync("n*");
        await using var shard = await client.ShardSubscribeAsync("shard");

        await redis.KillAsync();
        var late = client.SubscribeAsync("late").AsTask(); // waits for the server
        var another = client.SubscribeAsync("news").AsTask(); // as others were before
        await redis.RestartAsync();
        await using var subscription = await late;
        await using var given = await another;
        await SubscribedAsync(redis);
        await redis.CommandAsync("PUBLISH", "late", "1");
        await redis.CommandAsync("PUBLISH", "news", "1");

        Assert.Equal(["late 1"], await ReadAsync(subscription, 1)); // nothing to miss before it was there
        Assert.Equal(["Missed", "news 1"], await ReadAsync(channel, 2));
        Assert.Equal(["Missed", "news 1"], await ReadAsync(pattern, 2));
        Assert.Equal("news 1", (await ReadAsync(given, 2, last: "news 1"))[^1]); // marked only if the client had not seen the loss yet
    }

    [Theory(Timeout = SubscriptionTests.Limit)]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Whatever_is_published_while_connections_are_lost_is_received_or_marked_as_missed(string server)
    {
        const int Seed = 3;
        const int Messages = 3_000;
        await using var redis = await RedisServer.StartAsync();
        await using var client = await RedisClient.ConnectAsync(SubscriptionTests.Options(redis.Address, RedisServers.ProtocolOf(server)));
        await using var subscription = await client.SubscribeAsync(["numbers"], new RedisSubscriptionOptions { BufferMessages = 2 * Messages });
        await using var control = await redis.ConnectAsync();
        var random = new Random(Seed);
        var reading = CheckAsync(subscription, Messages);

        for (var i = 1; i <= Messages; i++)
        {
            await control.SendAsync("PUBLISH", "numbers", $"{i}");
            if (random.Next(100) == 0)
            {
                await control.SendAsync("CLIENT", "KILL", "TYPE", "pubsub");
            }
        }

        await Poll.UntilAsync(
            async () => (await control.SendAsync("PUBSUB", "NUMSUB", "numbers"))[1].Number == 1 ? null : "not yet", "it is subscribed again");
        await control.SendAsync("PUBLISH", "numbers", $"{Messages + 1}");
        var (received, marks) = await reading;
        Assert.InRange(received, 2, Messages);
        Assert.InRange(marks, 1, Messages);
    }

    [Fact(Timeout = SubscriptionTests.Limit)]
    public async Task A_server_that_says_nothing_is_given_up_and_subscribed_to_again()
    {
        await using var redis = await RedisServer.StartAsync();
        var options = SubscriptionTests.Options(redis.Address, 3);
        options.PingInterval = TimeSpan.FromMilliseconds(200);
        await using var client = await RedisClient.ConnectAsync(options);
        await using var subscription = await client.SubscribeAsync("news");

        await redis.PauseAsync();
        await Poll.UntilAsync(() => Task.FromResult(client.IsConnected ? "connected" : null), "the shared connection is given up");
        await redis.ResumeAsync();

        Assert.Equal(["Missed"], await ReadAsync(subscription, 1));
    }

    [Fact(Timeout = SubscriptionTests.Limit)]
    public async Task A_subscription_that_is_refused_afterwards_ends_with_the_refusal()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.CommandAsync("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@all", "resetchannels", "&news", "&weather");
        var options = SubscriptionTests.Options(redis.Address, 3);
        (options.User, options.Password) = ("reader", "secret");
        await using var client = await RedisClient.ConnectAsync(options);
        await using var news = await client.SubscribeAsync("news");
        await using var weather = await client.SubscribeAsync("weather");

        await redis.CommandAsync("ACL", "SETUSER", "reader", "resetchannels", "&weather"); // ends the connection of who is subscribed to news

        var refusal = await Assert.ThrowsAsync<RedisServerException>(() => SubscriptionTests.ReadAsync(news));
        Assert.Equal("NOPERM", refusal.Code);
        Assert.Equal(["Missed"], await ReadAsync(weather, 1));
    }

    [Fact(Timeout = SubscriptionTests.Limit)]
    public async Task A_thousand_channels_come_back_over_a_connection_that_holds_few_commands()
    {
        const int Count = 1_000;
        await using var redis = await RedisServer.StartAsync();
        var options = SubscriptionTests.Options(redis.Address, 3);
        options.MaximumInFlight = 8;
        options.MaximumWaiting = 0;
        await using var client = await RedisClient.ConnectAsync(options);
        await using var subscription = await client.SubscribeAsync(Enumerable.Range(0, Count).Select(static i => new RedisKey($"channel{i}")), new RedisSubscriptionOptions { BufferMessages = 2 * Count });

        await redis.CommandAsync("CLIENT", "KILL", "TYPE", "pubsub");
        await Poll.UntilAsync(async () => (await redis.CommandAsync("PUBSUB", "CHANNELS")).Items.Count is var count && count == Count ? null : $"{count}", "all are subscribed to");
        await redis.CommandAsync("PUBLISH", "channel999", "here");

        Assert.Equal("channel999 here", (await ReadAsync(subscription, int.MaxValue, last: "channel999 here"))[^1]);
    }

    private static Task SubscribedAsync(RedisServer redis) => Poll.UntilAsync(
        async () =>
        {
            await using var control = await redis.ConnectAsync();
            var channels = (await control.SendAsync("PUBSUB", "CHANNELS")).Items.Count;
            var patterns = (await control.SendAsync("PUBSUB", "NUMPAT")).Number;
            var shards = (await control.SendAsync("PUBSUB", "SHARDCHANNELS")).Items.Count;
            return (channels, patterns, shards) is ( >= 2, 1, 1) ? null : $"{channels} channels, {patterns} patterns, {shards} sharded";
        },
        "all are subscribed to again");

    private static async Task<List<string>> ReadAsync(RedisSubscription subscription, int count, string? last = null)
    {
        var read = new List<string>();
        while (read.Count < count && (last is null || read.Count == 0 || read[^1] != last))
        {
            var message = await SubscriptionTests.ReadAsync(subscription);
            read.Add(message.Kind == RedisMessageKind.Missed ? "Missed" : $"{message.Channel} {message.Text}");
        }

        return read;
    }

    /// <summary>Reads numbers up to the last: each follows the one before, but after a mark.</summary>
    private static async Task<(int Received, int Marks)> CheckAsync(RedisSubscription subscription, int messages)
    {
        var (received, marks, next, isMarked) = (0, 0, 1, false);
        while (next <= messages + 1)
        {
            var message = await SubscriptionTests.ReadAsync(subscription);
            if (message.Kind == RedisMessageKind.Missed)
            {
                marks++;
                isMarked = true;
                continue;
            }

            var number = int.Parse(message.Text, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(number == next || (isMarked && number > next), $"{number} came where {next} was due, and no mark before it.");
            (next, isMarked) = (number + 1, false);
            received++;
        }

        return (received, marks);
    }
}
