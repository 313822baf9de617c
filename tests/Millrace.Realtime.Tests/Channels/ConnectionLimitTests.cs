using Millrace.Realtime.Channels;
using Millrace.TestKit;

namespace Millrace.Realtime.Tests.Channels;

[Trait("req", "R-07")]
public sealed class ConnectionLimitTests
{
    [Fact]
    public async Task A_connection_joins_so_many_channels_and_no_more_until_it_leaves_one()
    {
        await using var subject = new Subject(r => r.AddChannel("room:{id}", c => c.AllowAnyone()), o => o.MaximumChannelsPerConnection = 2);
        var (connection, _) = subject.Connect();
        Assert.True((await connection.SubscribeAsync("room:1")).Succeeded);
        Assert.True((await connection.SubscribeAsync("room:2")).Succeeded);

        Assert.Equal("A connection may join 2 channels; leave one first.", (await connection.SubscribeAsync("room:3")).Reason);
        Assert.True((await connection.SubscribeAsync("room:2")).Succeeded); // joined already: no second place taken
        await connection.UnsubscribeAsync("room:1");
        Assert.True((await connection.SubscribeAsync("room:3")).Succeeded);
    }

    [Fact]
    public async Task Who_sends_too_many_messages_is_closed_and_nobody_else()
    {
        await using var subject = new Subject(
            r => r.AddChannel("room:{id}", c => c.AllowAnyone()),
            o => (o.ClientMessageBurst, o.ClientMessagesPerSecond) = (3, 1));
        var (flooding, transport) = subject.Connect();
        var (calm, calmTransport) = await subject.JoinAsync("room:1");
        for (var i = 0; i < 3; i++)
        {
            Assert.True((await flooding.SubscribeAsync("room:1")).Succeeded);
        }

        var refused = await flooding.SubscribeAsync("room:1");

        Assert.StartsWith("Too many messages: 1 a second", refused.Reason, StringComparison.Ordinal);
        Assert.Equal((refused.Reason!, false), await transport.Closed);
        Assert.Equal(1, subject.Channels.GetStatistics().Disconnects);
        Assert.Equal(1, subject.Channels.GetStatistics().Subscriptions);
        Assert.False(calmTransport.IsClosed);
        Assert.True((await calm.UnsubscribeAsync("room:1")).Succeeded);
    }

    [Fact]
    public void A_bucket_refills_with_time_up_to_its_capacity()
    {
        var clock = new FakeClock();
        var bucket = new TokenBucket(perSecond: 2, capacity: 3, clock);
        Assert.Equal(3, Drain());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Drain());
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(3, Drain());

        int Drain()
        {
            var count = 0;
            while (count < 100 && bucket.TryTake())
            {
                count++;
            }

            return count;
        }
    }

    [Fact]
    [Trait("req", "R-01")]
    public async Task A_connection_ends_with_its_sign_in()
    {
        await using var subject = new Subject(r => r.AddChannel("room", c => c.AllowAuthenticated()));
        var (connection, transport) = subject.Connect(expiresAt: subject.Clock.GetUtcNow() + TimeSpan.FromDays(90));
        Assert.True((await connection.SubscribeAsync("room")).Succeeded);

        subject.Clock.Advance(TimeSpan.FromDays(90) - TimeSpan.FromSeconds(1));
        Assert.False(transport.IsClosed);
        subject.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(("The sign-in has expired; connect again with a new one.", true), await transport.Closed);
        Assert.False((await connection.SubscribeAsync("room")).Succeeded);
        Assert.Equal(0, subject.Channels.GetStatistics().Subscriptions);
    }

    [Fact]
    [Trait("req", "R-01")]
    public async Task A_connection_whose_sign_in_has_expired_already_is_closed_at_once()
    {
        await using var subject = new Subject(r => r.AddChannel("room", c => c.AllowAnyone()));
        var (connection, transport) = subject.Connect(expiresAt: subject.Clock.GetUtcNow());

        await transport.Closed;
        Assert.False((await connection.SubscribeAsync("room")).Succeeded);
    }
}
