using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Commands;

public sealed class HashCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Fields_are_written_and_read(string server)
    {
        var client = await ConnectAsync(server);
        Assert.True(await client.HSetAsync(Key(), "a", "1"));
        Assert.False(await client.HSetAsync(Key(), "a", "2"));
        Assert.Equal(2, await client.HSetAsync(Key(), [("a", "3"), ("b", "4"), ("c", "5")]));
        Assert.False(await client.HSetNxAsync(Key(), "a", "6"));
        Assert.True(await client.HSetNxAsync(Key(), "d", "7"));
        Assert.Equal("3", Text(await client.HGetAsync(Key(), "a")));
        Assert.Equal("4", await client.HGetStringAsync(Key(), "b"));
        Assert.Null(await client.HGetAsync(Key(), "none"));
        Assert.Null(await client.HGetStringAsync(Key("none"), "a"));
        ListAssert.Equal(["5", null, "3"], Texts(await client.HMGetAsync(Key(), ["c", "none", "a"])));
        ListAssert.Equal([null, null], await client.HMGetAsync(Key("none"), ["a", "b"]));
        ListAssert.Equal([("a", "3"), ("b", "4"), ("c", "5"), ("d", "7")], Pairs(await client.HGetAllAsync(Key())).Order());
        Assert.Empty(await client.HGetAllAsync(Key("none")));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Fields_are_counted_named_and_removed(string server)
    {
        var client = await ConnectAsync(server);
        await client.HSetAsync(Key(), [("a", "1"), ("b", "22"), ("c", "333")]);
        Assert.Equal(3, await client.HLenAsync(Key()));
        Assert.Equal(0, await client.HLenAsync(Key("none")));
        Assert.Equal(3, await client.HStrLenAsync(Key(), "c"));
        Assert.True(await client.HExistsAsync(Key(), "a"));
        Assert.False(await client.HExistsAsync(Key(), "none"));
        ListAssert.Equal(["a", "b", "c"], Sorted(await client.HKeysAsync(Key())));
        ListAssert.Equal(["1", "22", "333"], Sorted(await client.HValsAsync(Key())));
        Assert.Empty(await client.HKeysAsync(Key("none")));
        Assert.True(await client.HDelAsync(Key(), "a"));
        Assert.False(await client.HDelAsync(Key(), "a"));
        Assert.Equal(2, await client.HDelAsync(Key(), ["a", "b", "c"]));
        Assert.False(await client.ExistsAsync(Key()));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Fields_count(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Equal(5, await client.HIncrByAsync(Key(), "n", 5));
        Assert.Equal(-1, await client.HIncrByAsync(Key(), "n", -6));
        Assert.Equal(0.5, await client.HIncrByFloatAsync(Key(), "f", 0.5));
        Assert.Equal(0.25, await client.HIncrByFloatAsync(Key(), "f", -0.25));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Random_fields_are_fields_of_the_hash(string server)
    {
        var client = await ConnectAsync(server);
        await client.HSetAsync(Key(), [("a", "1"), ("b", "2")]);
        Assert.Contains(Text(await client.HRandFieldAsync(Key())), (string?[])["a", "b"]);
        ListAssert.Equal([("a", "1"), ("b", "2")], Pairs(await client.HRandFieldAsync(Key(), 5)).Order());
        var repeated = Pairs(await client.HRandFieldAsync(Key(), -5));
        Assert.Equal(5, repeated.Length);
        Assert.All(repeated, static pair => Assert.Contains(pair, new[] { ("a", "1"), ("b", "2") }));
        Assert.Null(await client.HRandFieldAsync(Key("none")));
        Assert.Empty(await client.HRandFieldAsync(Key("none"), 2));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Expiry_of_fields_works_or_the_server_says_that_it_has_none(string server)
    {
        var client = await ConnectAsync(server);
        await client.HSetAsync(Key(), [("a", "1"), ("b", "2")]);
        var moment = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);
        if (await HasFieldExpiryAsync(server))
        {
            ListAssert.Equal([true, false], await client.HExpireAsync(Key(), ["a", "none"], TimeSpan.FromHours(1)));
            ListAssert.Equal([false, true], await client.HExpireAsync(Key(), ["a", "b"], moment, RedisCondition.IfAbsent));
            var left = await client.HTtlAsync(Key(), ["a", "b", "none"]);
            Assert.InRange(left[0]!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
            Assert.True(left[1] > TimeSpan.FromDays(365));
            Assert.Null(left[2]);
            ListAssert.Equal([true, false], await client.HPersistAsync(Key(), ["b", "none"]));
            ListAssert.Equal([Timeout.InfiniteTimeSpan], await client.HTtlAsync(Key(), ["b"]));
            return;
        }

        Assert.NotEqual(RedisServers.Garnet, server);
        foreach (var call in new Func<Task>[]
        {
            async () => await client.HExpireAsync(Key(), ["a"], TimeSpan.FromHours(1)),
            async () => await client.HExpireAsync(Key(), ["a"], moment),
            async () => await client.HTtlAsync(Key(), ["a"]),
            async () => await client.HPersistAsync(Key(), ["a"]),
        })
        {
            var error = await Assert.ThrowsAsync<RedisServerException>(call);
            Assert.StartsWith("ERR unknown command 'HP", error.Message, StringComparison.Ordinal);
        }
    }

    private async Task<bool> HasFieldExpiryAsync(string server)
    {
        try
        {
            await Redis.CommandAsync(server, "HPTTL", "none", "FIELDS", "1", "a");
            return true;
        }
        catch (RedisControlException)
        {
            return false;
        }
    }

    [Fact]
    public async Task Nothing_is_asked_about_no_fields()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        await client.DisposeAsync();
        Assert.Equal(0, await client.HSetAsync(Key(), []));
        Assert.Equal(0, await client.HDelAsync(Key(), []));
        Assert.Empty(await client.HMGetAsync(Key(), []));
        Assert.Empty(await client.HExpireAsync(Key(), [], TimeSpan.FromHours(1)));
        Assert.Empty(await client.HTtlAsync(Key(), []));
        Assert.Empty(await client.HPersistAsync(Key(), []));
    }
}
