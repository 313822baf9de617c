using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Sentinel;

/// <summary>Failovers of real groups.</summary>
[Collection(HeavyCollection.Name)]
public sealed class FailoverTests
{
    private const int Limit = 240_000;
    private const string Name = "failover-test";

    [Fact(Timeout = Limit)]
    public async Task A_failover_by_hand_moves_the_client_and_leaves_the_former_primary_without_it()
    {
        var setup = new SentinelSetup { User = "miller", Password = "pass-data", SentinelPassword = "pass-Sentinels" };
        await using var group = await SentinelGroup.StartAsync(setup);
        var options = ConnectTests.Options(group);
        (options.User, options.Password, options.SentinelPassword, options.ClientName) = (setup.User, setup.Password, setup.SentinelPassword, Name);
        options.CommandTimeout = TimeSpan.FromSeconds(30);
        await using var client = await RedisClient.ConnectAsync(options);
        await using var lease = await client.LeaseAsync();
        await lease.SetAsync("key", "before");
        var former = await group.CurrentPrimaryAsync();

        var primary = await group.FailOverAsync();
        await Poll.UntilAsync(
            async () => (await former.CommandAsync("CLIENT", "LIST")).Text!.Contains($"name={Name} ", StringComparison.Ordinal) ? "it is connected there" : null,
            "the client has left the former primary");
        await client.SetAsync("key", "after");

        Assert.Equal("after", (await primary.CommandAsync("GET", "key")).Text);
        Assert.Contains($"name={Name} ", (await primary.CommandAsync("CLIENT", "LIST")).Text, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<RedisException>(async () => await lease.SetAsync("key", "late"));
    }

    [Fact(Timeout = Limit)]
    public async Task After_the_death_of_the_primary_writes_go_to_the_next_also_when_the_dead_one_is_back()
    {
        await using var group = await SentinelGroup.StartAsync();
        var options = ConnectTests.Options(group);
        options.CommandTimeout = TimeSpan.FromSeconds(60);
        await using var client = await RedisClient.ConnectAsync(options);
        await client.SetAsync("key", "before");

        var killed = await group.KillPrimaryAsync();
        await Poll.UntilAsync(() => Task.FromResult(client.IsConnected ? "it has not noticed" : null), "the connection is lost");
        Assert.True(await client.SetAsync("key", "waited")); // until the Sentinels have a new one
        var primary = await group.WaitForFailOverAsync(killed);
        Assert.Equal("waited", (await primary.CommandAsync("GET", "key")).Text);

        await killed.RestartAsync();
        await group.WaitUntilHealthyAsync();
        Assert.True(await client.SetAsync("key", "after"));
        Assert.Equal("after", (await primary.CommandAsync("GET", "key")).Text);
    }

    [Fact(Timeout = Limit)]
    public async Task A_primary_that_stands_still_is_left_and_what_it_was_sent_fails()
    {
        await using var group = await SentinelGroup.StartAsync();
        var options = ConnectTests.Options(group);
        options.CommandTimeout = TimeSpan.FromSeconds(60);
        await using var client = await RedisClient.ConnectAsync(options);
        var former = await group.CurrentPrimaryAsync();
        await former.PauseAsync();
        var sent = client.SetAsync("key", "sent").AsTask();

        var primary = await group.WaitForFailOverAsync(former);

        var failure = await Assert.ThrowsAsync<RedisConnectionException>(() => sent);
        Assert.Equal(RedisDelivery.MayHaveRun, failure.Delivery);
        Assert.True(await client.SetAsync("key", "after"));
        await former.ResumeAsync();
        await group.WaitUntilHealthyAsync();
        Assert.Equal("after", await client.GetStringAsync("key"));
        Assert.Equal("after", (await primary.CommandAsync("GET", "key")).Text);
    }

    [Fact(Timeout = Limit)]
    public async Task A_primary_that_stands_still_with_the_Sentinel_that_is_listened_to_is_left_too()
    {
        await using var group = await SentinelGroup.StartAsync();
        var options = ConnectTests.Options(group);
        options.CommandTimeout = TimeSpan.FromSeconds(60);
        options.ConnectTimeout = TimeSpan.FromSeconds(1);
        options.PingInterval = TimeSpan.FromSeconds(1);
        await using var client = await RedisClient.ConnectAsync(options);
        var former = await group.CurrentPrimaryAsync();
        await group.Sentinels[0].PauseAsync();
        await former.PauseAsync();

        var primary = await group.WaitForFailOverAsync(former);
        await Poll.UntilAsync(
            async () => (await Record.ExceptionAsync(async () => await client.SetAsync("key", "after")))?.Message,
            "the client has left the one that stands still");

        Assert.Equal("after", (await primary.CommandAsync("GET", "key")).Text);
    }

    [Fact(Timeout = Limit)]
    public async Task The_loss_of_all_Sentinels_does_not_disturb_a_connected_client()
    {
        await using var group = await SentinelGroup.StartAsync();
        await using var client = await RedisClient.ConnectAsync(ConnectTests.Options(group));
        var primary = await group.CurrentPrimaryAsync();
        await Task.WhenAll(group.Sentinels.Select(static sentinel => sentinel.KillAsync()));

        Assert.True(await client.SetAsync("key", "1"));
        await primary.CommandAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"); // it comes back without a Sentinel's word
        await Poll.UntilAsync(
            async () => (await Record.ExceptionAsync(async () => await client.SetAsync("key", "2")))?.Message,
            "the client has reconnected");

        Assert.Equal("2", (await primary.CommandAsync("GET", "key")).Text);
    }
}
