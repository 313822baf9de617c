using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Servers;

[Collection(HeavyCollection.Name)]
public sealed class SentinelGroupTests(SharedSentinel shared)
{
    private const int Limit = 120_000;

    [Fact(Timeout = Limit)]
    public async Task The_shared_group_copies_what_is_written_to_the_primary()
    {
        var group = await shared.GetAsync();
        var primary = await group.CurrentPrimaryAsync();
        await using var control = await primary.ConnectAsync();

        await control.SendAsync("SET", "sentinel:key", "value");
        await control.SendAsync("WAIT", "2", "5000");

        Assert.Same(group.Servers[0], primary);
        Assert.All(
            await Task.WhenAll(group.Servers.Select(static server => server.CommandAsync("GET", "sentinel:key"))),
            static reply => Assert.Equal("value", reply.Text));
    }

    [Fact(Timeout = Limit)]
    public async Task With_passwords_on_both_a_failover_by_hand_makes_a_replica_the_primary()
    {
        await using var group = await SentinelGroup.StartAsync(
            new SentinelSetup { User = "miller", Password = "of data", SentinelPassword = "of Sentinels" });
        await using (var control = await group.Servers[0].ConnectAsync())
        {
            await control.SendAsync("SET", "key", "value");
            Assert.Equal(2, (await control.SendAsync("WAIT", "2", "5000")).Number);
        }

        var primary = await group.FailOverAsync();
        await group.WaitUntilHealthyAsync();

        Assert.NotSame(group.Servers[0], primary);
        Assert.Same(primary, await group.CurrentPrimaryAsync());
        Assert.Equal("value", (await primary.CommandAsync("GET", "key")).Text);
        await Assert.ThrowsAsync<RedisControlException>(() => group.Servers[0].CommandAsync("SET", "key", "other"));
        await using var stranger = await RedisControl.ConnectAsync(group.Sentinels[0].Port);
        await Assert.ThrowsAsync<RedisControlException>(() => stranger.SendAsync("PING"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_killed_primary_is_replaced_and_comes_back_as_a_replica()
    {
        await using var group = await SentinelGroup.StartAsync();

        var killed = await group.KillPrimaryAsync();
        var primary = await group.WaitForFailOverAsync(killed);
        await killed.RestartAsync();
        await group.WaitUntilHealthyAsync();

        Assert.NotSame(killed, primary);
        Assert.Equal("slave", (await killed.CommandAsync("ROLE"))[0].Text);
        Assert.Equal(primary.Port, (await killed.CommandAsync("ROLE"))[2].Number);
    }

    [Fact(Timeout = Limit)]
    public async Task What_never_comes_true_is_told_with_what_was_missing()
    {
        var told = await Assert.ThrowsAsync<TimeoutException>(
            () => Poll.UntilAsync(static () => Task.FromResult<string?>("the moon is round"), "the moon is square", TimeSpan.FromMilliseconds(50)));

        Assert.Contains("until the moon is square: the moon is round", told.Message, StringComparison.Ordinal);
    }
}
