using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Sentinel;

/// <summary>
/// Listens on one Sentinel for the word that the primary has changed. When that connection dies, on the next Sentinel.
/// </summary>
/// <remarks>
/// All Sentinels tell of the switch. The one that leads the failover names the new primary, and tells of its promotion, before that: as long as
/// the former one lives, what it is sent meanwhile is lost.
/// </remarks>
internal sealed class SentinelWatcher(SentinelAccess access, SentinelList sentinels, Action onSwitch) : IConnectionOwner, IClockWatcher
{
    private const string SwitchChannel = "+switch-master"; // service old-host old-port new-host new-port
    private const string PromotionChannel = "+promoted-slave"; // slave name host port @ service host port
    private static readonly CommandName Subscribe = CommandName.Read("SUBSCRIBE");

    private readonly PingWatch _ping = new(access.Options.PingInterval);
    private volatile RespConnection? _connection;
    private RedisEndpoint _sentinel; // set before its connection, whose thread reads it, begins

    /// <summary>Listens until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(access.Options);
        access.Context.Clock.Watch(this);
        try
        {
            for (var next = 0; !cancellationToken.IsCancellationRequested; next++)
            {
                var known = sentinels.Known;
                await ListenAsync(known[next % known.Count], backoff, cancellationToken).ConfigureAwait(false);
                await Task.Delay(backoff.Next(), access.Context.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            access.Context.Clock.Unwatch(this);
        }
    }

    public void OnPush(RespConnection connection, ref RespReader push)
    {
        if (push.ReadAggregateHeader() != 3 || push.ReadString() != "message")
        {
            return;
        }

        var (channel, told) = (push.ReadString(), push.ReadString());
        if ((channel == SwitchChannel && told is not null && told.StartsWith($"{access.Service} ", StringComparison.Ordinal))
            || (channel == PromotionChannel && told is not null && told.Contains($" @ {access.Service} ", StringComparison.Ordinal)))
        {
            sentinels.Prefer(_sentinel); // the others may not know yet
            onSwitch();
        }
    }

    public void OnRoom(RespConnection connection)
    {
        // Nothing waits.
    }

    public void OnClosed(RespConnection connection, Exception reason, IReadOnlyList<(RedisOperation Operation, RedisDelivery Delivery)> unanswered) =>
        SilentOwner.Instance.OnClosed(connection, reason, unanswered);

    public void OnTick(long now) => _ping.OnTick(now, _connection);

    private async Task ListenAsync(RedisEndpoint sentinel, Backoff backoff, CancellationToken cancellationToken)
    {
        try
        {
            _sentinel = sentinel;
            var connection = await SentinelConnection.OpenAsync(sentinel, access, ConnectionRole.Subscriber, this, cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                await SubscribeAsync(connection, PromotionChannel, cancellationToken).ConfigureAwait(false);
                await SubscribeAsync(connection, SwitchChannel, cancellationToken).ConfigureAwait(false);
                backoff.Reset();
                _connection = connection.Connection;
                onSwitch(); // one may have happened while nobody listened
                await connection.Connection.Closed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // The top of the loop. The next Sentinel, after a while; what is missed meanwhile the periodic question finds.
        }
        finally
        {
            _connection = null;
        }
    }

    private static ValueTask<bool> SubscribeAsync(SentinelConnection connection, string channel, CancellationToken cancellationToken) =>
        connection.SendAsync(Subscribe, static (ref RespReader reader, RedisOperation _) => SkipReply(ref reader), cancellationToken, channel);

    private static bool SkipReply(ref RespReader reader)
    {
        reader.Skip();
        return true;
    }
}
