namespace Millrace.Redis.Tests.Commands;

public sealed class SetCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Members_are_added_asked_and_removed(string server)
    {
        var client = await ConnectAsync(server);
        Assert.True(await client.SAddAsync(Key(), "a"));
        Assert.False(await client.SAddAsync(Key(), "a"));
        Assert.Equal(2, await client.SAddAsync(Key(), ["a", "b", "c"]));
        Assert.Equal(3, await client.SCardAsync(Key()));
        Assert.Equal(0, await client.SCardAsync(Key("none")));
        ListAssert.Equal(["a", "b", "c"], Sorted(await client.SMembersAsync(Key())));
        Assert.Empty(await client.SMembersAsync(Key("none")));
        Assert.True(await client.SIsMemberAsync(Key(), "a"));
        Assert.False(await client.SIsMemberAsync(Key(), "none"));
        ListAssert.Equal([true, false, true], await client.SMIsMemberAsync(Key(), ["a", "none", "c"]));
        Assert.True(await client.SRemAsync(Key(), "a"));
        Assert.False(await client.SRemAsync(Key(), "a"));
        Assert.Equal(1, await client.SRemAsync(Key(), ["a", "b"]));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Random_members_are_looked_at_and_taken(string server)
    {
        var client = await ConnectAsync(server);
        await client.SAddAsync(Key(), ["a", "b", "c"]);
        Assert.Contains(Text(await client.SRandMemberAsync(Key())), (string?[])["a", "b", "c"]);
        ListAssert.Equal(["a", "b", "c"], Sorted(await client.SRandMemberAsync(Key(), 9)));
        Assert.Equal(9, (await client.SRandMemberAsync(Key(), -9)).Length);
        List<string?> taken = [Text(await client.SPopAsync(Key())), .. Texts(await client.SPopAsync(Key(), 9))];
        ListAssert.Equal(["a", "b", "c"], taken.Order());
        Assert.Null(await client.SPopAsync(Key()));
        Assert.Null(await client.SRandMemberAsync(Key()));
        Assert.Empty(await client.SPopAsync(Key(), 2));
        Assert.Empty(await client.SRandMemberAsync(Key(), 2));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.SPopAsync(Key(), -1));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Sets_are_combined(string server)
    {
        var client = await ConnectAsync(server);
        await client.SAddAsync(Key("a"), ["1", "2", "3"]);
        await client.SAddAsync(Key("b"), ["2", "3", "4"]);
        ListAssert.Equal(["2", "3"], Sorted(await client.SInterAsync([Key("a"), Key("b")])));
        ListAssert.Equal(["1", "2", "3", "4"], Sorted(await client.SUnionAsync([Key("a"), Key("b")])));
        ListAssert.Equal(["1"], Sorted(await client.SDiffAsync([Key("a"), Key("b")])));
        Assert.Equal(2, await client.SInterStoreAsync(Key("to"), [Key("a"), Key("b")]));
        ListAssert.Equal(["2", "3"], Sorted(await client.SMembersAsync(Key("to"))));
        Assert.Equal(4, await client.SUnionStoreAsync(Key("to"), [Key("a"), Key("b")]));
        Assert.Equal(1, await client.SDiffStoreAsync(Key("to"), [Key("a"), Key("b")]));
        ListAssert.Equal(["1"], Sorted(await client.SMembersAsync(Key("to"))));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.SInterAsync([]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.SUnionStoreAsync(Key("to"), []));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Members_move_between_sets(string server)
    {
        var client = await ConnectAsync(server);
        await client.SAddAsync(Key("a"), "1");
        Assert.True(await client.SMoveAsync(Key("a"), Key("b"), "1"));
        Assert.False(await client.SMoveAsync(Key("a"), Key("b"), "1"));
        ListAssert.Equal(["1"], Texts(await client.SMembersAsync(Key("b"))));
    }

    [Fact]
    public async Task Nothing_is_asked_about_no_members()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        await client.DisposeAsync();
        Assert.Equal(0, await client.SAddAsync(Key(), []));
        Assert.Equal(0, await client.SRemAsync(Key(), []));
        Assert.Empty(await client.SMIsMemberAsync(Key(), []));
    }
}
