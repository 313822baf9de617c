using System.Runtime.CompilerServices;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public sealed partial class RedisClient
{
    private static readonly CommandName SetName = CommandName.Write("SET");

    private readonly ConditionalWeakTable<RespConnection, ReplicaWaits> _replicaWaits = new();

    /// <summary>
    /// SET and WAIT: writes a value and tells how many replicas are known to have it, with everything that was written before it on the same
    /// connection. A value that at least one replica has survives the loss of its primary when that replica, or one that has as much, is
    /// promoted; without this, what a primary had not yet passed on when it was lost is lost.
    /// </summary>
    /// <remarks>
    /// The server speaks of what one connection wrote. The question therefore goes over the very connection that took the value, wherever the
    /// value was sent in the end, and only when it has: two round trips. Calls that wait for as many replicas as long share their questions. The
    /// server answers nothing else on that connection meanwhile, so that other callers' commands wait too: keep <paramref name="timeout"/>
    /// short, or use a client of its own for such writes.
    /// </remarks>
    /// <param name="key">The key; an expiry that it had is taken away.</param>
    /// <param name="value">The value.</param>
    /// <param name="replicas">For how many replicas to wait; at least 0.</param>
    /// <param name="timeout">How long to wait for them at most: at least a millisecond. <see cref="RedisOptions.CommandTimeout"/> counts besides.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many replicas have it. When the value was written, and the connection or the server was lost before the answer: 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="replicas"/> is negative, or <paramref name="timeout"/> under a millisecond.</exception>
    /// <exception cref="RedisException">The value was not written, or it is not known whether it was.</exception>
    public ValueTask<int> SetAndWaitAsync(RedisKey key, RedisArgument value, int replicas, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(replicas);
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.FromMilliseconds(1));
        var written = SendAsync(
            SetName,
            static (ref RespReader reader, RedisOperation operation) => reader.ReadBoolean() ? operation.AnsweredBy : null,
            cancellationToken,
            key,
            value);
        return WaitOnAsync(written, replicas, timeout, cancellationToken);
    }

    /// <summary>EVALSHA and WAIT: runs a script and tells how many replicas are known to have what it wrote; see <see cref="SetAndWaitAsync"/> for what that is worth and costs.</summary>
    /// <param name="script">The script.</param>
    /// <param name="keys">Its keys, as many as it says; in a cluster all in one slot.</param>
    /// <param name="arguments">Its further arguments.</param>
    /// <param name="replicas">For how many replicas to wait; at least 0.</param>
    /// <param name="timeout">How long to wait for them at most: at least a millisecond. <see cref="RedisOptions.CommandTimeout"/> counts besides.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What the script returned, and how many replicas have what it wrote; when the connection or the server was lost after the script had run: 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="replicas"/> is negative, or <paramref name="timeout"/> under a millisecond.</exception>
    /// <exception cref="ArgumentException">The number of keys is not the script's.</exception>
    /// <exception cref="RedisException">The script failed, or it is not known whether it ran.</exception>
    public ValueTask<(RedisReply Reply, int Replicas)> EvaluateAndWaitAsync(
        RedisScript script, ReadOnlySpan<RedisKey> keys, ReadOnlySpan<RedisArgument> arguments, int replicas, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(replicas);
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.FromMilliseconds(1));
        var run = EvaluateAsync(
            script, static (ref RespReader reader, RedisOperation operation) => (RedisReply.Read(ref reader), operation.AnsweredBy), target: null, keys, arguments, cancellationToken);
        return WaitAsync();

        async ValueTask<(RedisReply, int)> WaitAsync()
        {
            var (reply, connection) = await run.ConfigureAwait(false);
            return (reply, await WaitOnAsync(ValueTask.FromResult(connection), replicas, timeout, cancellationToken).ConfigureAwait(false));
        }
    }

    private async ValueTask<int> WaitOnAsync(ValueTask<RespConnection?> written, int replicas, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (await written.ConfigureAwait(false) is not { } connection)
        {
            return 0;
        }

        var waits = _replicaWaits.GetValue(connection, connection => new ReplicaWaits(connection, _clock));
        return await waits.WaitAsync(replicas, timeout, _options.CommandTimeout).WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}
