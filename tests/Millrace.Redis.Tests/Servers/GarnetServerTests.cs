using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Servers;

public sealed class GarnetServerTests(SharedRedis shared)
{
    [Theory(Timeout = 60_000)]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Every_server_that_commands_are_tested_with_answers(string server)
    {
        await shared.CommandAsync(server, "SET", $"servers:{server}", "value");

        Assert.Equal("value", (await shared.CommandAsync(server, "GET", $"servers:{server}")).Text);
        await using var control = await RedisControl.ConnectAsync(int.Parse(shared.AddressOf(server).Split(':')[1], null));
        Assert.Equal("1", (await control.SendAsync("EVAL", "return redis.call('EXISTS', KEYS[1])", "1", $"servers:{server}")).Text);
    }

    [Fact]
    public void Garnet_is_among_them_when_it_is_asked_for_and_only_then()
    {
        Assert.Equal(GarnetServer.IsRequested, RedisServers.All().Any(static row => row.Data == RedisServers.Garnet));
        Assert.DoesNotContain(RedisServers.RedisOnly(), static row => row.Data == RedisServers.Garnet);
        Assert.Equal([3, 2], RedisServers.RedisOnly().Select(static row => RedisServers.ProtocolOf(row.Data)));
    }
}
