namespace Millrace.Redis.Tests.Commands;

public sealed class ListCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Values_are_added_and_taken_at_both_ends(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Equal(0, await client.LPushXAsync(Key(), "x"));
        Assert.Equal(0, await client.RPushXAsync(Key(), "x"));
        Assert.Equal(1, await client.LPushAsync(Key(), "c"));
        Assert.Equal(3, await client.LPushAsync(Key(), ["b", "a"]));
        Assert.Equal(4, await client.RPushAsync(Key(), "d"));
        Assert.Equal(6, await client.RPushAsync(Key(), ["e", "f"]));
        Assert.Equal(7, await client.LPushXAsync(Key(), "0"));
        Assert.Equal(8, await client.RPushXAsync(Key(), "9"));
        ListAssert.Equal(["0", "a", "b", "c", "d", "e", "f", "9"], Texts(await client.LRangeAsync(Key())));
        Assert.Equal("0", Text(await client.LPopAsync(Key())));
        Assert.Equal("9", Text(await client.RPopAsync(Key())));
        ListAssert.Equal(["a", "b"], Texts(await client.LPopAsync(Key(), 2)));
        ListAssert.Equal(["f", "e"], Texts(await client.RPopAsync(Key(), 2)));
        ListAssert.Equal(["c", "d"], Texts(await client.LPopAsync(Key(), 100)));
        Assert.Null(await client.LPopAsync(Key()));
        Assert.Null(await client.RPopAsync(Key()));
        Assert.Empty(await client.LPopAsync(Key(), 2));
        Assert.Empty(await client.RPopAsync(Key(), 2));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Values_are_read_and_changed_by_index(string server)
    {
        var client = await ConnectAsync(server);
        await client.RPushAsync(Key(), ["a", "b", "c", "d"]);
        Assert.Equal(4, await client.LLenAsync(Key()));
        Assert.Equal(0, await client.LLenAsync(Key("none")));
        ListAssert.Equal(["b", "c"], Texts(await client.LRangeAsync(Key(), 1, -2)));
        Assert.Empty(await client.LRangeAsync(Key("none")));
        Assert.Equal("d", Text(await client.LIndexAsync(Key(), -1)));
        Assert.Null(await client.LIndexAsync(Key(), 4));
        await client.LSetAsync(Key(), 0, "A");
        await Assert.ThrowsAsync<RedisServerException>(async () => await client.LSetAsync(Key(), 4, "E"));
        await client.LTrimAsync(Key(), 0, 1);
        ListAssert.Equal(["A", "b"], Texts(await client.LRangeAsync(Key())));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Values_are_found_inserted_and_removed(string server)
    {
        var client = await ConnectAsync(server);
        await client.RPushAsync(Key(), ["a", "b", "a", "b", "a"]);
        Assert.Equal(1, await client.LPosAsync(Key(), "b"));
        Assert.Null(await client.LPosAsync(Key(), "none"));
        ListAssert.Equal([0, 2, 4], await client.LPosAsync(Key(), "a", count: 0));
        ListAssert.Equal([4, 2], await client.LPosAsync(Key(), "a", count: 2, rank: -1));
        Assert.Empty(await client.LPosAsync(Key(), "none", count: 2));
        Assert.Equal(1, await client.LRemAsync(Key(), "a", -1));
        Assert.Equal(2, await client.LRemAsync(Key(), "a"));
        Assert.Equal(3, await client.LInsertBeforeAsync(Key(), "b", "x"));
        Assert.Equal(4, await client.LInsertAfterAsync(Key(), "b", "y"));
        Assert.Equal(-1, await client.LInsertAfterAsync(Key(), "none", "y"));
        Assert.Equal(0, await client.LInsertAfterAsync(Key("none"), "b", "y"));
        ListAssert.Equal(["x", "b", "y", "b"], Texts(await client.LRangeAsync(Key())));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Values_move_between_ends(string server)
    {
        var client = await ConnectAsync(server);
        await client.RPushAsync(Key("a"), ["1", "2", "3"]);
        Assert.Equal("1", Text(await client.LMoveAsync(Key("a"), Key("b"), RedisListEnd.Left, RedisListEnd.Right)));
        Assert.Equal("3", Text(await client.LMoveAsync(Key("a"), Key("b"), RedisListEnd.Right, RedisListEnd.Left)));
        ListAssert.Equal(["3", "1"], Texts(await client.LRangeAsync(Key("b"))));
        Assert.Null(await client.LMoveAsync(Key("none"), Key("b"), RedisListEnd.Right, RedisListEnd.Left));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.LMoveAsync(Key("a"), Key("b"), (RedisListEnd)7, RedisListEnd.Left));
    }

    [Fact]
    public async Task Arguments_that_make_no_sense_are_refused()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.LPushAsync(Key(), []));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.RPushAsync(Key(), []));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.LPopAsync(Key(), -1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.RPopAsync(Key(), -1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.LPosAsync(Key(), "a", count: -1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.LPosAsync(Key(), "a", count: 1, rank: 0));
    }
}
