namespace Millrace.Redis.Tests.Commands;

public sealed class KeyCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task An_expiry_is_set_read_and_taken_away(string server)
    {
        var client = await ConnectAsync(server);
        var moment = new DateTimeOffset(2100, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        Assert.False(await client.ExpireAsync(Key(), TimeSpan.FromHours(1)));
        Assert.Null(await client.TtlAsync(Key()));
        Assert.Null(await client.ExpireTimeAsync(Key()));

        await client.SetAsync(Key(), "1");
        Assert.Equal(Timeout.InfiniteTimeSpan, await client.TtlAsync(Key()));
        Assert.Equal(DateTimeOffset.MaxValue, await client.ExpireTimeAsync(Key()));
        Assert.False(await client.PersistAsync(Key()));

        Assert.True(await client.ExpireAsync(Key(), TimeSpan.FromHours(1)));
        Assert.InRange((await client.TtlAsync(Key()))!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        Assert.True(await client.ExpireAsync(Key(), moment));
        Assert.Equal(moment, await client.ExpireTimeAsync(Key()));
        Assert.True(await client.PersistAsync(Key()));
        Assert.Equal(Timeout.InfiniteTimeSpan, await client.TtlAsync(Key()));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task A_moment_that_has_passed_removes_the_key(string server)
    {
        var client = await ConnectAsync(server);
        await client.SetAsync(Key(), "1");
        Assert.True(await client.ExpireAsync(Key(), new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.False(await client.ExistsAsync(Key()));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task An_expiry_obeys_its_condition(string server)
    {
        var client = await ConnectAsync(server);
        await client.SetAsync(Key(), "1");
        Assert.False(await client.ExpireAsync(Key(), TimeSpan.FromHours(1), RedisCondition.IfPresent));
        Assert.True(await client.ExpireAsync(Key(), TimeSpan.FromHours(1), RedisCondition.IfAbsent));
        Assert.False(await client.ExpireAsync(Key(), TimeSpan.FromHours(2), RedisCondition.IfAbsent));
        Assert.True(await client.ExpireAsync(Key(), TimeSpan.FromHours(2), RedisCondition.IfGreater));
        Assert.False(await client.ExpireAsync(Key(), TimeSpan.FromHours(3), RedisCondition.IfLess));
        Assert.True(await client.ExpireAsync(Key(), TimeSpan.FromHours(1), RedisCondition.IfLess));
        Assert.True(await client.ExpireAsync(Key(), TimeSpan.FromHours(2), RedisCondition.IfPresent));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_duration_of_nothing_is_refused(int ticks) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RedisExpiry.After(TimeSpan.FromTicks(ticks)));

    [Fact]
    public async Task An_expiry_without_a_time_is_refused_where_one_is_needed()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.ExpireAsync(Key(), RedisExpiry.Never));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.ExpireAsync(Key(), RedisExpiry.Keep));
        Assert.Throws<ArgumentOutOfRangeException>(() => RedisExpiry.At(DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void A_part_of_a_millisecond_counts_as_a_whole()
    {
        Assert.Equal(RedisExpiry.After(TimeSpan.FromMilliseconds(1)), RedisExpiry.After(TimeSpan.FromTicks(1)));
        Assert.Equal(RedisExpiry.After(TimeSpan.FromMilliseconds(2)), RedisExpiry.After(TimeSpan.FromTicks(10_001)));
        Assert.NotEqual(RedisExpiry.After(TimeSpan.FromMilliseconds(2)), RedisExpiry.After(TimeSpan.FromTicks(10_000)));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Types_are_named(string server)
    {
        var client = await ConnectAsync(server);
        await client.SetAsync(Key("string"), "1");
        await client.HSetAsync(Key("hash"), "a", "1");
        await client.RPushAsync(Key("list"), "1");
        await client.SAddAsync(Key("set"), "1");
        await client.ZAddAsync(Key("zset"), "1", 1);
        foreach (var type in new[] { "string", "hash", "list", "set", "zset" })
        {
            Assert.Equal(type, await client.TypeAsync(Key(type)));
        }

        Assert.Equal("none", await client.TypeAsync(Key("none")));
        Assert.NotNull(await client.ObjectEncodingAsync(Key("string")));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Keys_are_renamed(string server)
    {
        var client = await ConnectAsync(server);
        await client.MSetAsync([(Key("a"), "1"), (Key("b"), "2"), (Key("c"), "3")]);
        await client.RenameAsync(Key("a"), Key("b"));
        ListAssert.Equal([null, "1"], Texts(await client.MGetAsync([Key("a"), Key("b")])));
        Assert.False(await client.RenameNxAsync(Key("b"), Key("c")));
        Assert.True(await client.RenameNxAsync(Key("b"), Key("d")));
        await Assert.ThrowsAsync<RedisServerException>(async () => await client.RenameAsync(Key("none"), Key("d")));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Keys_are_copied(string server)
    {
        var client = await ConnectAsync(server);
        await client.MSetAsync([(Key("a"), "1"), (Key("b"), "2")]);
        Assert.False(await client.CopyAsync(Key("a"), Key("b")));
        Assert.True(await client.CopyAsync(Key("a"), Key("b"), replace: true));
        Assert.True(await client.CopyAsync(Key("a"), Key("c")));
        ListAssert.Equal(["1", "1", "1"], Texts(await client.MGetAsync([Key("a"), Key("b"), Key("c")])));
        Assert.False(await client.CopyAsync(Key("none"), Key("c")));
    }
}
