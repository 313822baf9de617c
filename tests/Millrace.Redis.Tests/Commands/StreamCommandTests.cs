namespace Millrace.Redis.Tests.Commands;

/// <summary>Streams, which Garnet does not have.</summary>
public sealed class StreamCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Entries_are_added_and_read_in_both_directions(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Null(await client.XAddAsync(Key(), [("a", "1")], create: false));
        Assert.Equal("1-1", await client.XAddAsync(Key(), [("a", "1"), ("b", "2")], "1-1"));
        Assert.Equal("2-0", await client.XAddAsync(Key(), [("a", "3")], "2-0", create: false));
        Assert.Matches("^[0-9]+-[0-9]+$", await client.XAddAsync(Key(), [("c", "4")]));
        Assert.Equal(3, await client.XLenAsync(Key()));
        Assert.Equal(0, await client.XLenAsync(Key("none")));

        var entries = await client.XRangeAsync(Key(), count: 2);
        ListAssert.Equal(["1-1", "2-0"], entries.Select(static entry => entry.Id));
        ListAssert.Equal([("a", "1"), ("b", "2")], Pairs(entries[0].Fields));
        ListAssert.Equal(["2-0"], (await client.XRangeAsync(Key(), "(1-1", "3")).Select(static entry => entry.Id));
        ListAssert.Equal(["2-0", "1-1"], (await client.XRevRangeAsync(Key(), last: "3")).Select(static entry => entry.Id));
        ListAssert.Equal(["2-0"], (await client.XRevRangeAsync(Key(), "1", "3", count: 1)).Select(static entry => entry.Id));
        Assert.Empty(await client.XRangeAsync(Key("none")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.XAddAsync(Key(), []));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.XRangeAsync(Key(), count: 0));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Several_streams_are_read_at_once(string server)
    {
        var client = await ConnectAsync(server);
        await client.XAddAsync(Key("a"), [("n", "1")], "1-0");
        await client.XAddAsync(Key("a"), [("n", "2")], "2-0");
        await client.XAddAsync(Key("c"), [("n", "3")], "3-0");
        ListAssert.Equal(["1-0", "2-0"], (await client.XReadAsync(Key("a"), "0")).Select(static entry => entry.Id));
        ListAssert.Equal(["1-0"], (await client.XReadAsync(Key("a"), "0", count: 1)).Select(static entry => entry.Id));
        Assert.Empty(await client.XReadAsync(Key("a"), "2-0"));

        var streams = await client.XReadAsync([(Key("none"), "0"), (Key("a"), "1-0"), (Key("b"), "0"), (Key("c"), "0")]);
        ListAssert.Equal([[], ["2-0"], [], ["3-0"]], streams.Select(static stream => stream.Select(static entry => entry.Id)));
        ListAssert.Equal([[], []], await client.XReadAsync([(Key("none"), "0"), (Key("b"), "0")]));
        Assert.Empty(await client.XReadAsync([]));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Old_entries_are_removed(string server)
    {
        var client = await ConnectAsync(server);
        for (var i = 1; i <= 10; i++)
        {
            await client.XAddAsync(Key(), [("n", i)], $"{i}-0");
        }

        Assert.Equal(2, await client.XDelAsync(Key(), ["1-0", "2-0", "99-0"]));
        Assert.Equal(0, await client.XDelAsync(Key(), []));
        Assert.Equal(2, await client.XTrimAsync(Key(), RedisStreamTrim.BeforeId("5", exactly: true)));
        Assert.Equal(1, await client.XTrimAsync(Key(), RedisStreamTrim.ToLength(5, exactly: true)));
        Assert.InRange(await client.XTrimAsync(Key(), RedisStreamTrim.ToLength(4)), 0, 1);
        await client.XAddAsync(Key(), [("n", "11")], "11-0", RedisStreamTrim.ToLength(2, exactly: true));
        ListAssert.Equal(["10-0", "11-0"], (await client.XRangeAsync(Key())).Select(static entry => entry.Id));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.XTrimAsync(Key(), RedisStreamTrim.None));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task A_group_gives_each_entry_to_one_consumer(string server)
    {
        var client = await ConnectAsync(server);
        await client.XGroupCreateAsync(Key(), "group", "0", create: true);
        var busy = await Assert.ThrowsAsync<RedisServerException>(async () => await client.XGroupCreateAsync(Key(), "group"));
        Assert.Equal("BUSYGROUP", busy.Code);
        for (var i = 1; i <= 4; i++)
        {
            await client.XAddAsync(Key(), [("n", i)], $"{i}-0");
        }

        Assert.True(await client.XGroupCreateConsumerAsync(Key(), "group", "alice"));
        Assert.False(await client.XGroupCreateConsumerAsync(Key(), "group", "alice"));
        ListAssert.Equal(["1-0", "2-0"], (await client.XReadGroupAsync(Key(), "group", "alice", count: 2)).Select(static entry => entry.Id));
        ListAssert.Equal(["3-0"], (await client.XReadGroupAsync(Key(), "group", "bob", count: 1)).Select(static entry => entry.Id));
        var both = await client.XReadGroupAsync([(Key(), ">")], "group", "bob", acknowledged: true);
        ListAssert.Equal(["4-0"], Assert.Single(both).Select(static entry => entry.Id));
        Assert.Empty(await client.XReadGroupAsync(Key(), "group", "bob"));

        Assert.Equal(1, await client.XAckAsync(Key(), "group", ["1-0", "4-0"]));
        Assert.Equal(0, await client.XAckAsync(Key(), "group", []));
        var summary = await client.XPendingAsync(Key(), "group");
        Assert.Equal((2, "2-0", "3-0"), (summary.Count, summary.FirstId, summary.LastId));
        ListAssert.Equal([("alice", 1L), ("bob", 1L)], summary.Consumers.Select(static pair => (pair.Key, pair.Value)).Order());
        var pending = await client.XPendingAsync(Key(), "group", 10);
        ListAssert.Equal([("2-0", "alice", 1L), ("3-0", "bob", 1L)], pending.Select(static entry => (entry.Id, entry.Consumer, entry.Deliveries)));
        Assert.Equal("3-0", Assert.Single(await client.XPendingAsync(Key(), "group", 10, consumer: "bob")).Id);
        Assert.Empty(await client.XPendingAsync(Key(), "group", 10, idle: TimeSpan.FromHours(1)));
        ListAssert.Equal(["2-0"], (await client.XReadGroupAsync(Key(), "group", "alice", "0")).Select(static entry => entry.Id));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Pending_entries_are_given_over_to_others(string server)
    {
        var client = await ConnectAsync(server);
        for (var i = 1; i <= 3; i++)
        {
            await client.XAddAsync(Key(), [("n", i)], $"{i}-0");
        }

        await client.XGroupCreateAsync(Key(), "group", "0");
        var nothing = await client.XPendingAsync(Key(), "group");
        Assert.Equal((0, null, null), (nothing.Count, nothing.FirstId, nothing.LastId));
        Assert.Empty(nothing.Consumers);
        await client.XReadGroupAsync(Key(), "group", "alice");
        ListAssert.Equal(["1-0"], (await client.XClaimAsync(Key(), "group", "bob", TimeSpan.Zero, ["1-0"])).Select(static entry => entry.Id));
        Assert.Empty(await client.XClaimAsync(Key(), "group", "bob", TimeSpan.FromHours(1), ["2-0"]));
        Assert.Empty(await client.XClaimAsync(Key(), "group", "bob", TimeSpan.Zero, []));

        await client.XDelAsync(Key(), ["2-0"]);
        var deleted = await client.XReadGroupAsync(Key(), "group", "alice", "0", count: 1);
        Assert.Equal(("2-0", 0), (deleted[0].Id, deleted[0].Fields.Length));
        var first = await client.XAutoClaimAsync(Key(), "group", "carol", TimeSpan.Zero, count: 1);
        ListAssert.Equal(["1-0"], first.Entries.Select(static entry => entry.Id));
        Assert.Equal("2-0", first.Next);
        var rest = await client.XAutoClaimAsync(Key(), "group", "carol", TimeSpan.Zero, first.Next);
        ListAssert.Equal(["3-0"], rest.Entries.Select(static entry => entry.Id));
        ListAssert.Equal(["2-0"], rest.Deleted);
        Assert.Equal("0-0", rest.Next);
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Streams_and_groups_are_described(string server)
    {
        var client = await ConnectAsync(server);
        await client.XGroupCreateAsync(Key(), "group", create: true);
        var empty = await client.XInfoStreamAsync(Key());
        Assert.Equal(new RedisStreamInfo(0, "0-0", 1, 0, null, null), empty);
        await client.XAddAsync(Key(), [("n", "1")], "1-0");
        await client.XAddAsync(Key(), [("n", "2")], "2-0");
        await client.XReadGroupAsync(Key(), "group", "alice", count: 1);
        var info = await client.XInfoStreamAsync(Key());
        Assert.Equal((2, "2-0", 1, 2L), (info.Length, info.LastId, info.Groups, info.Added));
        ListAssert.Equal([("n", "1")], Pairs(info.First!.Value.Fields));
        Assert.Equal("2-0", info.Last!.Value.Id);
        ListAssert.Equal([new RedisStreamGroup("group", 1, 1, "1-0", 1)], await client.XInfoGroupsAsync(Key()));

        await client.XGroupSetIdAsync(Key(), "group", "0");
        Assert.Equal("0-0", Assert.Single(await client.XInfoGroupsAsync(Key())).LastDeliveredId);
        Assert.Equal(1, await client.XGroupDelConsumerAsync(Key(), "group", "alice"));
        Assert.True(await client.XGroupDestroyAsync(Key(), "group"));
        Assert.False(await client.XGroupDestroyAsync(Key(), "group"));
        await Assert.ThrowsAsync<RedisServerException>(async () => await client.XInfoStreamAsync(Key("none")));
    }
}
