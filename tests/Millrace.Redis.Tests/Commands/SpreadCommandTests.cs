namespace Millrace.Redis.Tests.Commands;

public sealed class SpreadCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Several_values_are_written_and_read_in_order(string server)
    {
        var client = await ConnectAsync(server);
        await client.MSetAsync([(Key("a"), "1"), (Key("b"), "2"), (Key("c"), 3)]);
        ListAssert.Equal(["3", null, "1", "2", "1"], Texts(await client.MGetAsync([Key("c"), Key("none"), Key("a"), Key("b"), Key("a")])));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Msetnx_writes_all_or_nothing(string server)
    {
        var client = await ConnectAsync(server);
        Assert.True(await client.MSetNxAsync([(Key("a"), "1"), (Key("b"), "2")]));
        Assert.False(await client.MSetNxAsync([(Key("b"), "3"), (Key("c"), "4")]));
        ListAssert.Equal(["1", "2", null], Texts(await client.MGetAsync([Key("a"), Key("b"), Key("c")])));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Keys_are_counted_and_removed(string server)
    {
        var client = await ConnectAsync(server);
        await client.MSetAsync([(Key("a"), "1"), (Key("b"), "2"), (Key("c"), "3"), (Key("d"), "4")]);
        Assert.True(await client.ExistsAsync(Key("a")));
        Assert.False(await client.ExistsAsync(Key("none")));
        Assert.Equal(3, await client.ExistsAsync([Key("a"), Key("b"), Key("none"), Key("a")]));
        Assert.True(await client.DelAsync(Key("a")));
        Assert.False(await client.DelAsync(Key("a")));
        Assert.Equal(1, await client.DelAsync([Key("a"), Key("b")]));
        Assert.True(await client.UnlinkAsync(Key("c")));
        Assert.False(await client.UnlinkAsync(Key("c")));
        Assert.Equal(1, await client.UnlinkAsync([Key("c"), Key("d")]));
        Assert.Equal(0, await client.ExistsAsync([Key("a"), Key("b"), Key("c"), Key("d")]));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Touch_counts_the_keys_that_are_there(string server)
    {
        var client = await ConnectAsync(server);
        await client.SetAsync(Key("a"), "1");
        Assert.Equal(1, await client.TouchAsync([Key("a"), Key("none")]));
    }

    [Fact]
    public async Task Nothing_is_asked_about_no_keys()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        await client.DisposeAsync();
        Assert.Empty(await client.MGetAsync([]));
        await client.MSetAsync([]);
        Assert.True(await client.MSetNxAsync([]));
        Assert.Equal(0, await client.DelAsync([]));
        Assert.Equal(0, await client.UnlinkAsync([]));
        Assert.Equal(0, await client.ExistsAsync([]));
        Assert.Equal(0, await client.TouchAsync([]));
    }

    [Fact]
    public async Task More_keys_than_fit_the_smallest_array_are_sent()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        var values = Enumerable.Range(0, 3000).Select(i => (Key($"{i}"), (RedisArgument)i)).ToArray();
        await client.MSetAsync(values);
        var read = await client.MGetAsync([.. values.Select(static pair => pair.Item1)]);
        Assert.Equal(Enumerable.Range(0, 3000).Select(static i => $"{i}"), Texts(read));
        Assert.Equal(3000, await client.UnlinkAsync([.. values.Select(static pair => pair.Item1)]));
    }
}
