using System.Buffers;

namespace Millrace.Redis.Tests.Commands;

public sealed class StringCommandTests(SharedRedis redis) : CommandTests(redis)
{
    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task A_value_is_read_in_every_form(string server)
    {
        var client = await ConnectAsync(server);
        var value = new byte[5000];
        new Random(7).NextBytes(value);
        Assert.True(await client.SetAsync(Key(), value));

        Assert.Equal(value, await client.GetAsync(Key()));

        var memory = new byte[6000];
        Assert.Equal(5000, await client.GetAsync(Key(), memory.AsMemory()));
        Assert.Equal(value, memory[..5000]);

        var writer = new ArrayBufferWriter<byte>();
        Assert.Equal(5000, await client.GetAsync(Key(), writer));
        Assert.Equal(value, writer.WrittenSpan);

        using var pooled = await client.GetPooledAsync(Key());
        Assert.Equal(value, pooled!.Memory.ToArray());

        var parsed = await client.GetAsync(Key(), static (ref reader) => reader.TryReadContent(out var content) ? content.Slice(4990).ToArray() : null);
        Assert.Equal(value[4990..], parsed);
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task A_missing_value_is_told_from_an_empty_one(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Null(await client.GetAsync(Key()));
        Assert.Null(await client.GetStringAsync(Key()));
        Assert.Equal(-1, await client.GetAsync(Key(), new byte[4].AsMemory()));
        Assert.Equal(-1, await client.GetAsync(Key(), new ArrayBufferWriter<byte>()));
        Assert.Null(await client.GetPooledAsync(Key()));
        Assert.False(await client.GetAsync(Key(), static (ref reader) => reader.TryReadContent(out _)));

        await client.SetAsync(Key(), "");
        ListAssert.Equal([], await client.GetAsync(Key()));
        Assert.Equal("", await client.GetStringAsync(Key()));
        Assert.Equal(0, await client.GetAsync(Key(), Memory<byte>.Empty));
        Assert.True(await client.GetAsync(Key(), static (ref reader) => reader.TryReadContent(out _)));
        using var pooled = await client.GetPooledAsync(Key());
        Assert.Equal(0, pooled!.Memory.Length);
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Memory_that_is_too_short_gets_what_fits_and_the_whole_length(string server)
    {
        var client = await ConnectAsync(server);
        await client.SetAsync(Key(), "abcdef");
        var memory = new byte[4];
        Assert.Equal(6, await client.GetAsync(Key(), memory.AsMemory(0, 3)));
        Assert.Equal("abc\0", Text(memory));
    }

    [Fact]
    public async Task A_pooled_value_cannot_be_used_after_it_was_given_back()
    {
        var client = await ConnectAsync(RedisServers.Resp3);
        await client.SetAsync(Key(), "value");
        var pooled = await client.GetPooledAsync(Key());
        pooled!.Dispose();
        pooled.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pooled.Memory);
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Text_keeps_its_characters(string server)
    {
        var client = await ConnectAsync(server);
        await client.SetAsync(Key("ключ"), "žluťoučký 🐎");
        Assert.Equal("žluťoučký 🐎", await client.GetStringAsync(Key("ключ")));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Set_obeys_its_condition(string server)
    {
        var client = await ConnectAsync(server);
        Assert.False(await client.SetAsync(Key(), "1", RedisExpiry.Never, RedisCondition.IfPresent));
        Assert.True(await client.SetAsync(Key(), "2", RedisExpiry.Never, RedisCondition.IfAbsent));
        Assert.False(await client.SetAsync(Key(), "3", RedisExpiry.Never, RedisCondition.IfAbsent));
        Assert.True(await client.SetAsync(Key(), "4", RedisExpiry.Never, RedisCondition.IfPresent));
        Assert.Equal("4", await client.GetStringAsync(Key()));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.SetAsync(Key(), "5", RedisExpiry.Never, RedisCondition.IfGreater));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Set_sets_keeps_and_removes_the_expiry(string server)
    {
        var client = await ConnectAsync(server);
        await client.SetAsync(Key(), "1", TimeSpan.FromHours(1));
        Assert.InRange((await client.TtlAsync(Key()))!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        await client.SetAsync(Key(), "2", RedisExpiry.Keep);
        Assert.InRange((await client.TtlAsync(Key()))!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        await client.SetAsync(Key(), "3");
        Assert.Equal(Timeout.InfiniteTimeSpan, await client.TtlAsync(Key()));
    }

    [Theory]
    [MemberData(nameof(RedisServers.RedisOnly), MemberType = typeof(RedisServers))]
    public async Task Set_takes_the_moment_of_expiry(string server)
    {
        var client = await ConnectAsync(server);
        var moment = new DateTimeOffset(2100, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(2));
        await client.SetAsync(Key(), "1", moment);
        Assert.Equal(moment, await client.ExpireTimeAsync(Key()));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Set_tells_the_value_before(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Null(await client.SetAndGetAsync(Key(), "1"));
        Assert.Equal("1", Text(await client.SetAndGetAsync(Key(), "2", TimeSpan.FromHours(1), RedisCondition.IfPresent)));
        Assert.Equal("2", await client.GetStringAsync(Key()));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Getex_and_getdel_read_and_change(string server)
    {
        var client = await ConnectAsync(server);
        var moment = new DateTimeOffset(2100, 1, 2, 3, 4, 5, TimeSpan.Zero);
        Assert.Null(await client.GetExAsync(Key(), TimeSpan.FromHours(1)));
        await client.SetAsync(Key(), "1");
        Assert.Equal("1", Text(await client.GetExAsync(Key(), TimeSpan.FromHours(1))));
        Assert.InRange((await client.TtlAsync(Key()))!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        Assert.Equal("1", Text(await client.GetExAsync(Key(), moment)));
        Assert.Equal("1", Text(await client.GetExAsync(Key(), RedisExpiry.Keep)));
        Assert.Equal(moment, await client.ExpireTimeAsync(Key()));
        Assert.Equal("1", Text(await client.GetExAsync(Key(), RedisExpiry.Never)));
        Assert.Equal(Timeout.InfiniteTimeSpan, await client.TtlAsync(Key()));
        Assert.Equal("1", Text(await client.GetDelAsync(Key())));
        Assert.Null(await client.GetDelAsync(Key()));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Parts_of_a_value_are_read_and_written(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Equal(0, await client.StrLenAsync(Key()));
        Assert.Equal(5, await client.AppendAsync(Key(), "Hello"));
        Assert.Equal(11, await client.AppendAsync(Key(), " World"));
        Assert.Equal("lo W", Text(await client.GetRangeAsync(Key(), 3, 6)));
        Assert.Equal("ld", Text(await client.GetRangeAsync(Key(), -2, -1)));
        ListAssert.Equal([], await client.GetRangeAsync(Key("none"), 0, 5));
        Assert.Equal(11, await client.SetRangeAsync(Key(), 6, "Redis"));
        Assert.Equal("Hello Redis", await client.GetStringAsync(Key()));
        Assert.Equal(11, await client.StrLenAsync(Key()));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.SetRangeAsync(Key(), -1, "x"));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task Numbers_are_counted_up_and_down(string server)
    {
        var client = await ConnectAsync(server);
        Assert.Equal(1, await client.IncrAsync(Key()));
        Assert.Equal(long.MaxValue, await client.IncrByAsync(Key(), long.MaxValue - 1));
        Assert.Equal(long.MaxValue - 1, await client.DecrAsync(Key()));
        Assert.Equal(-1, await client.DecrByAsync(Key(), long.MaxValue));
        Assert.Equal(1.5, await client.IncrByFloatAsync(Key("float"), 1.5));
        Assert.Equal(1.25, await client.IncrByFloatAsync(Key("float"), -0.25));
    }

    [Theory]
    [MemberData(nameof(RedisServers.All), MemberType = typeof(RedisServers))]
    public async Task A_value_of_another_type_is_the_servers_error(string server)
    {
        var client = await ConnectAsync(server);
        await client.LPushAsync(Key(), "x");
        var error = await Assert.ThrowsAsync<RedisServerException>(async () => await client.GetAsync(Key()));
        Assert.Equal("WRONGTYPE", error.Code);
        Assert.Equal("x", Text(await client.LPopAsync(Key())));
    }
}
