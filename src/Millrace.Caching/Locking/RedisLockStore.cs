using Microsoft.Extensions.Logging;
using Millrace.Caching.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Locking;

/// <summary>Locks in Redis. Releases are told on one channel for all locks of a cache, and only those that somebody waits for.</summary>
internal sealed class RedisLockStore : LockStore
{
    private static readonly RedisScript Acquire = Scripts.Load("Locking", "Acquire", keyCount: 3);
    private static readonly RedisScript Renew = Scripts.Load("Locking", "Renew", keyCount: 1);
    private static readonly RedisScript Release = Scripts.Load("Locking", "Release", keyCount: 2);
    private static readonly long TokenMemory = (long)TimeSpan.FromDays(7).TotalMilliseconds;

    private readonly RedisClient _client;
    private readonly SharedNames _names;
    private readonly Channel _channel;

    public RedisLockStore(RedisClient client, string keyPrefix, ILogger logger)
    {
        (_client, _names) = (client, new SharedNames(keyPrefix, "lock"));
        _channel = new Channel(
            client,
            _names.Channel,
            heard: static () => { },
            received: message => TellReleased(message?.Text),
            lost: failure => Statistics.Log.LockChannelLost(logger, failure, CacheLocks.PollInterval));
    }

    public override async ValueTask<LockAnswer> AcquireAsync(string name, string owner, TimeSpan lease, bool isWaiting, CancellationToken cancellationToken)
    {
        var reply = await _client.EvaluateAsync(
            Acquire,
            [_names.Key(name), _names.Key(name, "token"), _names.Key(name, "waiting")],
            [owner, Scripts.Milliseconds(lease), isWaiting ? Scripts.Milliseconds(2 * CacheLocks.PollInterval) : 0, TokenMemory],
            cancellationToken).ConfigureAwait(false);
        return reply.Type == RespType.Integer
            ? new LockAnswer(0, TimeSpan.FromMilliseconds(Math.Max(1, reply.AsInt64())))
            : new LockAnswer(reply.AsInt64(), TimeSpan.Zero);
    }

    public override async ValueTask<bool> RenewAsync(string name, string owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        var reply = await _client.EvaluateAsync(Renew, [_names.Key(name)], [owner, Scripts.Milliseconds(lease)], cancellationToken).ConfigureAwait(false);
        return reply.AsBoolean();
    }

    public override async ValueTask<bool> ReleaseAsync(string name, string owner, CancellationToken cancellationToken)
    {
        var reply = await _client.EvaluateAsync(
            Release, [_names.Key(name), _names.Key(name, "waiting")], [owner, _names.Channel, name], cancellationToken).ConfigureAwait(false);
        return reply.AsBoolean();
    }

    public override ValueTask ListenAsync(CancellationToken cancellationToken) => _channel.ListenAsync(cancellationToken);

    public override ValueTask DisposeAsync() => _channel.DisposeAsync();
}
