using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Connection;

/// <summary>Values that do not fit the network's buffers: a thread of the connection's own sends them, and no caller ever waits for the network.</summary>
[Collection(HeavyCollection.Name)]
public sealed class LargeValueTests
{
    private const int Megabyte = 1024 * 1024;

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_server_that_stands_still_blocks_no_caller_and_gets_everything_when_it_goes_on()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await TestOptions.ConnectAsync(
            server.Address, static options => (options.PingInterval, options.CommandTimeout) = (TimeSpan.Zero, TimeSpan.FromSeconds(90)));
        await client.SetAsync("warm", new byte[Megabyte]);
        var values = Enumerable.Range(0, 160).Select(static i => Value(i, Megabyte)).ToArray();
        await server.PauseAsync();
        var started = TimeProvider.System.GetTimestamp();

        var pending = values.Select((value, i) => client.SetAsync($"value:{i}", value).AsTask()).ToList();

        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "callers were blocked");
        var statistics = Assert.Single(client.GetStatistics());
        Assert.InRange(statistics.InFlight, 64, 140); // 64 MiB in each of the two buffers, and what the network took
        Assert.Equal(values.Length, statistics.InFlight + statistics.Waiting);
        Assert.DoesNotContain(pending, static task => task.IsCompleted);
        await server.ResumeAsync();
        await Task.WhenAll(pending);
        for (var i = 0; i < values.Length; i++)
        {
            var got = await client.GetAsync($"value:{i}");
            Assert.True(values[i].AsSpan().SequenceEqual(got), $"value {i} is another");
        }
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Callers_of_a_server_that_stands_still_time_out_and_the_connection_is_right_afterwards()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await TestOptions.ConnectAsync(
            server.Address, static options => (options.PingInterval, options.CommandTimeout) = (TimeSpan.Zero, TimeSpan.FromSeconds(2)));
        await client.SetAsync("own", "before");
        await server.PauseAsync();

        var pending = Enumerable.Range(0, 100).Select(i => client.SetAsync($"value:{i}", new byte[Megabyte]).AsTask()).ToList();
        var errors = await Task.WhenAll(pending.Select(static task => Record.ExceptionAsync(() => task).AsTask()));

        Assert.All(errors, static error => Assert.IsType<RedisTimeoutException>(error));
        Assert.Contains(errors, static error => ((RedisTimeoutException)error!).Delivery == RedisDelivery.NotSent);
        Assert.Contains(errors, static error => ((RedisTimeoutException)error!).Delivery == RedisDelivery.MayHaveRun);
        await server.ResumeAsync();
        await TestOptions.UntilAsync(() => Assert.Single(client.GetStatistics()).InFlight == 0, "the late replies");
        Assert.Equal("before", await client.GetStringAsync("own"));
        Assert.Equal(0, Assert.Single(client.GetStatistics()).Reconnects);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_connection_that_is_lost_while_its_writer_is_stuck_comes_back()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await TestOptions.ConnectAsync(
            server.Address,
            static options => (options.PingInterval, options.ConnectTimeout) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1)));
        await server.PauseAsync();

        var pending = Enumerable.Range(0, 20).Select(i => client.SetAsync($"value:{i}", new byte[Megabyte]).AsTask()).ToList();
        var lost = await Record.ExceptionAsync(() => Task.WhenAny(pending).Unwrap());

        Assert.IsType<RedisConnectionException>(lost);
        await server.ResumeAsync();
        Assert.True(await client.SetAsync("a", "1"));
        foreach (var error in await Task.WhenAll(pending.Select(static task => Record.ExceptionAsync(() => task).AsTask())))
        {
            Assert.True(error is null or RedisConnectionException { Delivery: RedisDelivery.MayHaveRun }, $"{error}");
        }
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_value_of_100_MB_goes_there_and_back_and_its_memory_is_not_kept()
    {
        await using var server = await RedisServer.StartAsync();
        await using var client = await TestOptions.ConnectAsync(server.Address);
        var value = Value(7, 100 * Megabyte);
        await client.SetAsync("large", value);
        var got = await client.GetAsync("large");
        Assert.True(value.AsSpan().SequenceEqual(got), "the value is another");
        got = null;
        var before = GC.GetTotalMemory(forceFullCollection: true); // with what the shared pools keep

        for (var round = 0; round < 3; round++)
        {
            await client.SetAsync("large", value);
            Assert.Equal(value.Length, (await client.GetAsync("large"))!.Length);
        }

        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.True(after < before + 40L * Megabyte, $"{before} bytes before, {after} after: results or buffers are kept");
    }

    private static byte[] Value(int seed, int length)
    {
        var value = new byte[length];
        new Random(seed).NextBytes(value);
        return value;
    }
}
