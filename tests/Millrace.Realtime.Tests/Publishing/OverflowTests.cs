namespace Millrace.Realtime.Tests.Publishing;

[Trait("req", "R-07")]
public sealed class OverflowTests
{
    [Fact]
    public async Task A_client_that_does_not_read_delays_nobody()
    {
        await using var subject = With(OverflowPolicy.DropOldest, limit: 4);
        var (stalledConnection, stalled) = await subject.JoinAsync("room", open: false);
        var (_, reading) = await subject.JoinAsync("room");

        for (var i = 0; i < 100; i++)
        {
            await subject.Channels.PublishAsync("room", i);
            Assert.Equal($"room={i}", await reading.NextAsync());
        }

        await stalled.Stalled;
        Assert.True(stalledConnection.Outbox.WaitingBytes < 4 * 100);
    }

    [Fact]
    public async Task Drop_oldest_keeps_the_newest_in_order()
    {
        await using var subject = With(OverflowPolicy.DropOldest, limit: 4);
        var stalled = await StallAsync(subject, publications: 10);

        Assert.Equal(["room=0", "room=7", "room=8", "room=9", "room=10"], await stalled.TakeAsync(5));
        Assert.Equal(6, subject.Channels.GetStatistics().Drops);
        Assert.False(stalled.IsClosed);
    }

    [Fact]
    public async Task Collapse_keeps_the_latest_alone_whenever_it_overflows()
    {
        await using var subject = With(OverflowPolicy.CollapseToLatest, limit: 4);
        var stalled = await StallAsync(subject, publications: 10);

        // 1–4 wait; 5 replaces them; 6–8 join it; 9 replaces those; 10 joins it.
        Assert.Equal(["room=0", "room=9", "room=10"], await stalled.TakeAsync(3));
        Assert.Equal(8, subject.Channels.GetStatistics().Drops);
    }

    [Fact]
    public async Task Collapse_with_room_for_one_keeps_the_very_latest()
    {
        await using var subject = With(OverflowPolicy.CollapseToLatest, limit: 1);
        var stalled = await StallAsync(subject, publications: 10);

        Assert.Equal(["room=0", "room=10"], await stalled.TakeAsync(2));
    }

    [Fact]
    public async Task Disconnect_closes_with_a_reason_and_frees_what_waited()
    {
        await using var subject = With(OverflowPolicy.Disconnect, limit: 4);
        var (connection, stalled) = await subject.JoinAsync("room", open: false);
        var (_, reading) = await subject.JoinAsync("room");
        for (var i = 0; i <= 10; i++)
        {
            await subject.Channels.PublishAsync("room", i);
            Assert.Equal($"room={i}", await reading.NextAsync());
        }

        var (reason, mayReconnect) = await stalled.Closed;
        Assert.Equal("The connection reads too slowly: too much waited for it when channel 'room' published more.", reason);
        Assert.True(mayReconnect);
        Assert.Equal(0, connection.Outbox.WaitingBytes);
        var statistics = subject.Channels.GetStatistics();
        Assert.Equal((1L, 1), (statistics.Disconnects, statistics.Subscriptions));
        Assert.False((await connection.SubscribeAsync("room")).Succeeded);
    }

    [Fact]
    public async Task The_bound_in_bytes_holds_too()
    {
        await using var subject = new Subject(r => r.AddChannel("room", c => c.AllowAnyone().MaximumMessageBytes(1000).OutboxLimit(1000, sizeBytes: 3000)));
        var (connection, stalled) = await subject.JoinAsync("room", open: false);
        await subject.Channels.PublishAsync("room", "first");
        await stalled.Stalled;
        for (var i = 0; i < 50; i++)
        {
            await subject.Channels.PublishAsync("room", new string((char)('a' + (i % 26)), 900));
            Assert.True(connection.Outbox.WaitingBytes <= 3000);
        }

        stalled.Open();
        Assert.Equal("room=\"first\"", await stalled.NextAsync());
        Assert.Equal(["v", "w", "x"], (await stalled.TakeAsync(3)).Select(line => line[6..7]));
    }

    [Fact]
    public async Task A_connection_behind_on_all_its_channels_together_is_closed_at_its_own_bound()
    {
        await using var subject = new Subject(
            r => r.AddChannel("room:{id}", c => c.AllowAnyone()),
            o => (o.MaximumMessageBytes, o.OutboxBytes, o.ConnectionOutboxBytes) = (1000, 4000, 10_000));
        var (connection, stalled) = subject.Connect(open: false);
        for (var room = 0; room < 10; room++)
        {
            Assert.True((await connection.SubscribeAsync($"room:{room}")).Succeeded);
        }

        for (var i = 0; i < 40 && !stalled.IsClosed; i++)
        {
            await subject.Channels.PublishAsync($"room:{i % 10}", new string('x', 900));
            Assert.True(connection.Outbox.WaitingBytes <= 10_000);
        }

        Assert.StartsWith("The connection reads too slowly", (await stalled.Closed).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_channel_does_not_hold_up_a_quiet_one()
    {
        await using var subject = new Subject(r => r.AddChannel("{name}", c => c.AllowAnyone()));
        var (connection, stalled) = await subject.JoinAsync("busy", open: false);
        await connection.SubscribeAsync("quiet");
        for (var i = 0; i < 100; i++)
        {
            await subject.Channels.PublishAsync("busy", i);
            await stalled.Stalled;
        }

        await subject.Channels.PublishAsync("quiet", "now");
        stalled.Open();

        Assert.Contains("quiet=\"now\"", await stalled.TakeAsync(3));
    }

    [Fact]
    public async Task Unsubscribe_drops_what_waits_and_returns_after_the_write_under_way()
    {
        await using var subject = With(OverflowPolicy.DropOldest, limit: 100);
        var (connection, stalled) = await subject.JoinAsync("room", open: false);
        for (var i = 0; i < 10; i++)
        {
            await subject.Channels.PublishAsync("room", i);
        }

        await stalled.Stalled;
        var leaving = connection.UnsubscribeAsync("room").AsTask();
        Assert.False(leaving.IsCompleted);
        stalled.Open();
        await leaving.WaitAsync(Subject.Guard);
        await subject.Channels.PublishAsync("room", 10);
        await connection.DisposeAsync();

        Assert.Equal("room=0", await stalled.NextAsync());
        Assert.Equal(0, stalled.Waiting);
    }

    [Fact]
    public async Task A_write_that_fails_closes_its_connection_only()
    {
        await using var subject = With(OverflowPolicy.DropOldest, limit: 4);
        var (_, failing) = await subject.JoinAsync("room");
        failing.Failure = new IOException("gone");
        var (_, reading) = await subject.JoinAsync("room");

        await subject.Channels.PublishAsync("room", 1);

        Assert.Equal("The connection could not be written to.", (await failing.Closed).Reason);
        Assert.Equal("room=1", await reading.NextAsync());
        Assert.Equal(1, subject.Channels.GetStatistics().Subscriptions);
    }

    [Fact]
    public async Task Dispose_ends_a_write_that_would_wait_for_ever()
    {
        await using var subject = With(OverflowPolicy.DropOldest, limit: 4);
        var (connection, stalled) = await subject.JoinAsync("room", open: false);
        await subject.Channels.PublishAsync("room", 1);
        await stalled.Stalled;

        await connection.DisposeAsync().AsTask().WaitAsync(Subject.Guard);
        await connection.DisposeAsync();

        var statistics = subject.Channels.GetStatistics();
        Assert.Equal((0, 0, 0), (statistics.Connections, statistics.Subscriptions, statistics.Channels));
        Assert.False(stalled.IsClosed); // the client went; it was not closed
    }

    [Fact]
    public async Task A_slow_handler_inside_the_process_has_its_channels_policy_too()
    {
        await using var subject = With(OverflowPolicy.Disconnect, limit: 2);
        var gate = new TaskCompletionSource();
        await using var local = subject.Channels.Subscribe("room", async (_, _) => await gate.Task);

        for (var i = 0; i < 10; i++)
        {
            await subject.Channels.PublishAsync("room", i);
        }

        Assert.StartsWith("The connection reads too slowly", await local.Ended.WaitAsync(Subject.Guard), StringComparison.Ordinal);
        gate.SetResult();
    }

    private static Subject With(OverflowPolicy policy, int limit) =>
        new(r => r.AddChannel("room", c => c.AllowAnyone().OnOverflow(policy).OutboxLimit(limit)));

    /// <summary>A client that stalls while it is written 0, and reads again after 1 … n were published.</summary>
    private static async Task<GatedTransport> StallAsync(Subject subject, int publications)
    {
        var (_, stalled) = await subject.JoinAsync("room", open: false);
        await subject.Channels.PublishAsync("room", 0);
        await stalled.Stalled;
        for (var i = 1; i <= publications; i++)
        {
            await subject.Channels.PublishAsync("room", i);
        }

        stalled.Open();
        return stalled;
    }
}
