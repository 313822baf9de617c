using System.Globalization;
using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Connection;

public sealed class BackPressureTests
{
    private static Func<FakeConnection, string[], FakeReply?> GetsAfter(Task gate) =>
        (_, command) => FakeConnection.Is(command, "GET") ? FakeReply.Bulk(command[1]).After(gate) : null;

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Callers_beyond_the_bound_wait_and_proceed_in_order()
    {
        var release = new TaskCompletionSource();
        await using var fake = FakeRedis.Start(GetsAfter(release.Task));
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.MaximumInFlight = 4);

        var pending = Enumerable.Range(0, 100).Select(i => client.GetStringAsync($"{i}").AsTask()).ToList();
        await fake.WaitUntilAsync(() => Gets(fake).Count == 4, "four commands");
        var statistics = Assert.Single(client.GetStatistics());
        Assert.Equal((4, 96), (statistics.InFlight, statistics.Waiting));
        release.SetResult();

        await Task.WhenAll(pending);
        Assert.Equal(Enumerable.Range(0, 100).Select(static i => i.ToString(CultureInfo.InvariantCulture)), Gets(fake));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_caller_that_gives_up_while_it_waits_is_never_sent()
    {
        var release = new TaskCompletionSource();
        await using var fake = FakeRedis.Start(GetsAfter(release.Task));
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.MaximumInFlight = 2);
        using var source = new CancellationTokenSource();

        var pending = Enumerable.Range(0, 10).Select(i => client.GetStringAsync($"{i}", i % 2 == 1 ? source.Token : default).AsTask()).ToList();
        await fake.WaitUntilAsync(() => Gets(fake).Count == 2, "two commands");
        await source.CancelAsync();
        foreach (var i in new[] { 3, 5, 7, 9 })
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending[i]);
        }

        release.SetResult();
        await Task.WhenAll(pending.Where(static (_, i) => i % 2 == 0));
        Assert.Equal(["0", "1", "2", "4", "6", "8"], Gets(fake));
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Callers_beyond_the_second_bound_are_refused_at_once()
    {
        var release = new TaskCompletionSource();
        await using var fake = FakeRedis.Start(GetsAfter(release.Task));
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => (options.MaximumInFlight, options.MaximumWaiting) = (2, 3));
        var pending = Enumerable.Range(0, 5).Select(i => client.GetStringAsync($"{i}").AsTask()).ToList();

        var refused = client.GetStringAsync("6");

        Assert.True(refused.IsFaulted);
        var error = await Assert.ThrowsAsync<RedisConnectionException>(async () => await refused);
        Assert.Equal((fake.Address, "GET", RedisDelivery.NotSent), (error.Server, error.Command, error.Delivery));
        Assert.Contains("MaximumWaiting", error.Message, StringComparison.Ordinal);
        release.SetResult();
        await Task.WhenAll(pending);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task A_caller_that_waits_times_out_and_was_not_sent()
    {
        await using var fake = FakeRedis.Start(GetsAfter(new TaskCompletionSource().Task));
        await using var client = await TestOptions.ConnectAsync(
            fake.Address, static options => (options.MaximumInFlight, options.CommandTimeout) = (1, TimeSpan.FromMilliseconds(300)));
        var first = client.GetAsync("first").AsTask();

        var error = await Assert.ThrowsAsync<RedisTimeoutException>(async () => await client.GetAsync("second"));

        Assert.Equal((fake.Address, "GET", RedisDelivery.NotSent), (error.Server, error.Command, error.Delivery));
        Assert.Equal(RedisDelivery.MayHaveRun, (await Assert.ThrowsAsync<RedisTimeoutException>(() => first)).Delivery);
    }

    [Fact(Timeout = TestOptions.Limit)]
    public async Task Commands_that_were_never_sent_are_delivered_by_the_next_connection_in_order()
    {
        await using var fake = FakeRedis.Start(GetsAfter(new TaskCompletionSource().Task));
        await using var client = await TestOptions.ConnectAsync(fake.Address, static options => options.MaximumInFlight = 1);
        var lost = client.GetAsync("lost").AsTask();
        var pending = Enumerable.Range(0, 50).Select(_ => client.IncrAsync("n").AsTask()).ToList();
        await fake.WaitForCommandAsync("GET");

        await fake.Connections[0].CloseAsync(reset: true);

        Assert.Equal(RedisDelivery.MayHaveRun, (await Assert.ThrowsAsync<RedisConnectionException>(() => lost)).Delivery);
        Assert.Equal(Enumerable.Range(1, 50).Select(static n => (long)n), await Task.WhenAll(pending));
    }

    private static List<string> Gets(FakeRedis fake) =>
        [.. fake.Connections.SelectMany(static connection => connection.Commands).Where(static command => FakeConnection.Is(command, "GET")).Select(static command => command[1])];
}
