namespace Millrace.Redis.Tests.Commands;

public sealed class SortedSetCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Members_are_added_under_conditions(string server)
    {
        var client = await ConnectAsync(server);
        Assert.True(await client.ZAddAsync(Key(), "a", 1));
        Assert.False(await client.ZAddAsync(Key(), "a", 2));
        Assert.False(await client.ZAddAsync(Key(), "a", 3, RedisCondition.IfAbsent));
        Assert.False(await client.ZAddAsync(Key(), "new", 3, RedisCondition.IfPresent));
        Assert.False(await client.ZAddAsync(Key(), "a", 1, RedisCondition.IfGreater));
        Assert.Equal(2, await client.ZScoreAsync(Key(), "a"));
        Assert.False(await client.ZAddAsync(Key(), "a", 1.5, RedisCondition.IfLess));
        Assert.Equal(1.5, await client.ZScoreAsync(Key(), "a"));
        Assert.Equal(1, await client.ZAddAsync(Key(), [("a", 5), ("b", 6)]));
        Assert.Equal(2, await client.ZAddAsync(Key(), [("a", 7), ("b", 6), ("c", 8)], countChanged: true));
        Assert.Equal(1, await client.ZAddAsync(Key(), [("a", 1), ("d", 9)], RedisCondition.IfGreater));
        ListAssert.Equal([("a", 7), ("b", 6), ("c", 8), ("d", 9)], Pairs(await client.ZRangeWithScoresAsync(Key())).OrderBy(static pair => pair.Item1));
        Assert.Null(await client.ZAddIncrAsync(Key(), "new", 1, RedisCondition.IfPresent));
        Assert.Equal(8, await client.ZAddIncrAsync(Key(), "a", 1, RedisCondition.IfPresent));
        Assert.Equal(8.5, await client.ZIncrByAsync(Key(), "a", 0.5));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Scores_keep_every_bit(string server)
    {
        var client = await ConnectAsync(server);
        double[] scores = [0.1, 1 / 3.0, -0.0000012345, 1e17, 9007199254740991, -9007199254740991, double.PositiveInfinity, double.NegativeInfinity, 0];
        foreach (var score in scores)
        {
            await client.ZAddAsync(Key(), "a", score);
            Assert.Equal(score, await client.ZScoreAsync(Key(), "a"));
            ListAssert.Equal([score], (await client.ZRangeWithScoresAsync(Key())).Select(static value => value.Score));
        }
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Members_are_counted_ranked_and_removed(string server)
    {
        var client = await ConnectAsync(server);
        await client.ZAddAsync(Key(), [("a", 1), ("b", 2), ("c", 3)]);
        Assert.Equal(3, await client.ZCardAsync(Key()));
        Assert.Equal(0, await client.ZCardAsync(Key("none")));
        Assert.Equal(3, await client.ZCountAsync(Key(), RedisScoreRange.All));
        Assert.Equal(2, await client.ZCountAsync(Key(), RedisScoreRange.AtLeast(2)));
        Assert.Equal(1, await client.ZCountAsync(Key(), new RedisScoreRange(1, 3) { ExcludesMinimum = true, ExcludesMaximum = true }));
        Assert.Equal(2, await client.ZRankAsync(Key(), "c"));
        Assert.Equal(0, await client.ZRevRankAsync(Key(), "c"));
        Assert.Null(await client.ZRankAsync(Key(), "none"));
        Assert.Null(await client.ZRevRankAsync(Key("none"), "c"));
        Assert.Null(await client.ZScoreAsync(Key(), "none"));
        ListAssert.Equal([3, null, 1], await client.ZMScoreAsync(Key(), ["c", "none", "a"]));
        Assert.True(await client.ZRemAsync(Key(), "a"));
        Assert.False(await client.ZRemAsync(Key(), "a"));
        Assert.Equal(2, await client.ZRemAsync(Key(), ["a", "b", "c"]));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Ranges_go_by_place_score_and_text(string server)
    {
        var client = await ConnectAsync(server);
        await client.ZAddAsync(Key(), [("a", 1), ("b", 2), ("c", 3), ("d", 4)]);
        ListAssert.Equal(["a", "b", "c", "d"], Texts(await client.ZRangeAsync(Key())));
        ListAssert.Equal(["c", "b"], Texts(await client.ZRangeAsync(Key(), 1, 2, reverse: true)));
        ListAssert.Equal([("d", 4), ("c", 3)], Pairs(await client.ZRangeWithScoresAsync(Key(), 0, 1, reverse: true)));
        ListAssert.Equal(["b", "c"], Texts(await client.ZRangeByScoreAsync(Key(), new RedisScoreRange(2, 3))));
        ListAssert.Equal(["c"], Texts(await client.ZRangeByScoreAsync(Key(), new RedisScoreRange(2, 3) { ExcludesMinimum = true })));
        ListAssert.Equal(["b"], Texts(await client.ZRangeByScoreAsync(Key(), RedisScoreRange.All, skip: 1, take: 1)));
        ListAssert.Equal(["c", "b", "a"], Texts(await client.ZRangeByScoreAsync(Key(), RedisScoreRange.AtMost(3), reverse: true)));
        ListAssert.Equal(["b", "a"], Texts(await client.ZRangeByScoreAsync(Key(), RedisScoreRange.AtMost(3), skip: 1, reverse: true)));
        ListAssert.Equal([("c", 3), ("d", 4)], Pairs(await client.ZRangeByScoreWithScoresAsync(Key(), RedisScoreRange.AtLeast(3))));
        ListAssert.Equal([("d", 4)], Pairs(await client.ZRangeByScoreWithScoresAsync(Key(), RedisScoreRange.AtLeast(3), take: 1, reverse: true)));
        Assert.Empty(await client.ZRangeAsync(Key("none")));
        Assert.Empty(await client.ZRangeWithScoresAsync(Key("none")));

        await client.ZAddAsync(Key("text"), [("a", 0), ("b", 0), ("c", 0), ("d", 0)]);
        ListAssert.Equal(["b", "c"], Texts(await client.ZRangeByLexAsync(Key("text"), "(a", "[c")));
        ListAssert.Equal(["d", "c"], Texts(await client.ZRangeByLexAsync(Key("text"), "-", "+", take: 2, reverse: true)));
        Assert.Equal(3, await client.ZLexCountAsync(Key("text"), "[b", "+"));
        Assert.Equal(2, await client.ZRemRangeByLexAsync(Key("text"), "-", "(c"));
        ListAssert.Equal(["c", "d"], Texts(await client.ZRangeAsync(Key("text"))));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Ranges_are_stored_and_removed(string server)
    {
        var client = await ConnectAsync(server);
        await client.ZAddAsync(Key(), [("a", 1), ("b", 2), ("c", 3), ("d", 4)]);
        Assert.Equal(2, await client.ZRangeStoreAsync(Key("to"), Key(), 1, 2));
        ListAssert.Equal([("b", 2), ("c", 3)], Pairs(await client.ZRangeWithScoresAsync(Key("to"))));
        Assert.Equal(1, await client.ZRangeStoreAsync(Key("to"), Key(), 0, 0, reverse: true));
        ListAssert.Equal(["d"], Texts(await client.ZRangeAsync(Key("to"))));
        Assert.Equal(3, await client.ZRangeStoreAsync(Key("to"), Key(), RedisScoreRange.AtLeast(2)));
        Assert.Equal(2, await client.ZRangeStoreAsync(Key("to"), Key(), RedisScoreRange.All, skip: 1, take: 2));
        ListAssert.Equal(["b", "c"], Texts(await client.ZRangeAsync(Key("to"))));
        Assert.Equal(1, await client.ZRemRangeByRankAsync(Key(), 0, 0));
        Assert.Equal(2, await client.ZRemRangeByScoreAsync(Key(), RedisScoreRange.AtLeast(3)));
        ListAssert.Equal(["b"], Texts(await client.ZRangeAsync(Key())));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Members_are_taken_from_both_ends(string server)
    {
        var client = await ConnectAsync(server);
        await client.ZAddAsync(Key(), [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5), ("f", 6)]);
        var (least, greatest) = ((await client.ZPopMinAsync(Key()))!.Value, (await client.ZPopMaxAsync(Key()))!.Value);
        Assert.Equal(("a", 1.0), (least.MemberText, least.Score));
        Assert.Equal(("f", 6.0), (greatest.MemberText, greatest.Score));
        ListAssert.Equal([("b", 2), ("c", 3)], Pairs(await client.ZPopMinAsync(Key(), 2)));
        ListAssert.Equal([("e", 5)], Pairs(await client.ZPopMaxAsync(Key(), 1)));
        ListAssert.Equal([("d", 4)], Pairs(await client.ZRandMemberAsync(Key(), 3)));
        ListAssert.Equal([("d", 4)], Pairs(await client.ZPopMaxAsync(Key(), 9)));
        Assert.Null(await client.ZPopMinAsync(Key()));
        Assert.Null(await client.ZPopMaxAsync(Key()));
        Assert.Empty(await client.ZPopMinAsync(Key(), 2));
        Assert.Empty(await client.ZRandMemberAsync(Key(), 2));
    }

    [Fact]
    public async Task Arguments_that_make_no_sense_are_refused_and_nothing_is_asked_about_nothing()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.ZPopMinAsync(Key(), -1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.ZRangeByScoreAsync(Key(), RedisScoreRange.All, skip: -1));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.ZCountAsync(Key(), new RedisScoreRange(double.NaN, 1)));
        await client.DisposeAsync();
        Assert.Equal(0, await client.ZAddAsync(Key(), []));
        Assert.Equal(0, await client.ZRemAsync(Key(), []));
        Assert.Empty(await client.ZMScoreAsync(Key(), []));
    }
}
