using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;
using Millrace.Redis.Routing;

namespace Millrace.Redis;

/// <remarks>
/// <para>
/// Methods that wait, whose names begin with B or end in Block: the command waits in the server, on a connection that nobody else uses meanwhile
/// (<see cref="RedisOptions.MaximumDedicatedConnections"/>). The time-out is the server's: at least 1 ms, shorter ones, zero included, count as that;
/// <see cref="Timeout.InfiniteTimeSpan"/> waits for ever. When the server does not answer within it and
/// <see cref="RedisOptions.CommandTimeout"/>, <see cref="RedisTimeoutException"/> is thrown and the connection is closed. A connection that is lost
/// meanwhile is a <see cref="RedisConnectionException"/>, with what may have been taken by then.
/// </para>
/// <para>
/// Cancelling loses nothing: the server is asked to end the wait (<c>CLIENT UNBLOCK</c>), and what it had taken by then is returned in spite of the
/// cancellation. Only where a server or a user's rights do not have <c>CLIENT UNBLOCK</c> the connection is closed instead: then a value that BLPOP,
/// BRPOP, BZPOPMIN and BZPOPMAX took in that very moment is lost, as it is by Garnet, which unblocks and does not keep it. BLMOVE and XREADGROUP keep it in the server: prefer them where
/// each value counts.
/// </para>
/// </remarks>
public sealed partial class RedisClient
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(365);

    private static readonly CommandName BLMoveName = CommandName.Write("BLMOVE");
    private static readonly CommandName BLPopName = CommandName.Write("BLPOP");
    private static readonly CommandName BRPopName = CommandName.Write("BRPOP");
    private static readonly CommandName BZPopMinName = CommandName.Write("BZPOPMIN");
    private static readonly CommandName BZPopMaxName = CommandName.Write("BZPOPMAX");

    private static readonly ReplyParser<byte[]?> OneValue = static (ref reader, _) => ReadPopped(ref reader)?.Value;
    private static readonly ReplyParser<RedisPopped?> AnyValue = static (ref reader, _) => ReadPopped(ref reader);
    private static readonly ReplyParser<RedisScored?> OneScored = static (ref reader, _) => ReadPoppedScored(ref reader)?.Member;
    private static readonly ReplyParser<RedisPoppedScored?> AnyScored = static (ref reader, _) => ReadPoppedScored(ref reader);

    /// <summary>BLMOVE: waits for a value in a list, takes it, and adds it to another list or the same, in one step. In a cluster both have to
    /// share a slot.</summary>
    /// <param name="source">The list it is taken from.</param>
    /// <param name="destination">The list it is added to.</param>
    /// <param name="from">The end it is taken from.</param>
    /// <param name="to">The end it is added to.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a value that has been moved by then is returned.</param>
    /// <returns>The value; null when there was none in time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<byte[]?> BLMoveAsync(
        RedisKey source, RedisKey destination, RedisListEnd from, RedisListEnd to, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BLMoveName, Replies.Bytes, timeout, cancellationToken, source, destination, End(from), End(to), Seconds(timeout));

    /// <summary>BLPOP: waits for a value in a list and takes the first.</summary>
    /// <param name="key">The list.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a value that has been taken by then is returned.</param>
    /// <returns>The value; null when there was none in time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<byte[]?> BLPopAsync(RedisKey key, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BLPopName, OneValue, timeout, cancellationToken, key, Seconds(timeout));

    /// <summary>BLPOP: waits for a value in one of several lists and takes the first of the first list that has one. In a cluster the keys have to
    /// share a slot.</summary>
    /// <param name="keys">The lists, at least one.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a value that has been taken by then is returned.</param>
    /// <returns>The value and its list; null when there was none in time.</returns>
    /// <exception cref="ArgumentException">There is no key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<RedisPopped?> BLPopAsync(ReadOnlySpan<RedisKey> keys, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BLPopName, AnyValue, keys, timeout, cancellationToken);

    /// <summary>BRPOP: waits for a value in a list and takes the last.</summary>
    /// <param name="key">The list.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a value that has been taken by then is returned.</param>
    /// <returns>The value; null when there was none in time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<byte[]?> BRPopAsync(RedisKey key, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BRPopName, OneValue, timeout, cancellationToken, key, Seconds(timeout));

    /// <summary>BRPOP: waits for a value in one of several lists and takes the last of the first list that has one. In a cluster the keys have to
    /// share a slot.</summary>
    /// <param name="keys">The lists, at least one.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a value that has been taken by then is returned.</param>
    /// <returns>The value and its list; null when there was none in time.</returns>
    /// <exception cref="ArgumentException">There is no key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<RedisPopped?> BRPopAsync(ReadOnlySpan<RedisKey> keys, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BRPopName, AnyValue, keys, timeout, cancellationToken);

    /// <summary>BZPOPMIN: waits for a member in a sorted set and takes the one with the least score.</summary>
    /// <param name="key">The sorted set.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a member that has been taken by then is returned.</param>
    /// <returns>The member; null when there was none in time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<RedisScored?> BZPopMinAsync(RedisKey key, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BZPopMinName, OneScored, timeout, cancellationToken, key, Seconds(timeout));

    /// <summary>BZPOPMIN: waits for a member in one of several sorted sets and takes the one with the least score of the first that has any. In a
    /// cluster the keys have to share a slot.</summary>
    /// <param name="keys">The sorted sets, at least one.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a member that has been taken by then is returned.</param>
    /// <returns>The member and its sorted set; null when there was none in time.</returns>
    /// <exception cref="ArgumentException">There is no key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<RedisPoppedScored?> BZPopMinAsync(ReadOnlySpan<RedisKey> keys, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BZPopMinName, AnyScored, keys, timeout, cancellationToken);

    /// <summary>BZPOPMAX: waits for a member in a sorted set and takes the one with the greatest score.</summary>
    /// <param name="key">The sorted set.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a member that has been taken by then is returned.</param>
    /// <returns>The member; null when there was none in time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<RedisScored?> BZPopMaxAsync(RedisKey key, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BZPopMaxName, OneScored, timeout, cancellationToken, key, Seconds(timeout));

    /// <summary>BZPOPMAX: waits for a member in one of several sorted sets and takes the one with the greatest score of the first that has any. In
    /// a cluster the keys have to share a slot.</summary>
    /// <param name="keys">The sorted sets, at least one.</param>
    /// <param name="timeout">How long to wait: at least 1 ms, at most a year; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="cancellationToken">Ends the wait; a member that has been taken by then is returned.</param>
    /// <returns>The member and its sorted set; null when there was none in time.</returns>
    /// <exception cref="ArgumentException">There is no key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative, or over a year.</exception>
    /// <exception cref="RedisException">It was not answered.</exception>
    public ValueTask<RedisPoppedScored?> BZPopMaxAsync(ReadOnlySpan<RedisKey> keys, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        BlockAsync(BZPopMaxName, AnyScored, keys, timeout, cancellationToken);

    private static RedisPopped? ReadPopped(ref RespReader reader) =>
        reader.ReadAggregateHeader() < 0 ? null : new RedisPopped(Replies.ReadValue(ref reader), Replies.ReadValue(ref reader));

    private static RedisPoppedScored? ReadPoppedScored(ref RespReader reader) =>
        reader.ReadAggregateHeader() < 0
            ? null
            : new RedisPoppedScored(Replies.ReadValue(ref reader), new RedisScored(Replies.ReadValue(ref reader), reader.ReadDouble()));

    /// <summary>A time-out as servers take it, in whole milliseconds, rounded up; 0: for ever.</summary>
    private static double Milliseconds(TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return 0;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, LongestWait);
        return Math.Max(1, Math.Ceiling(timeout.TotalMilliseconds));
    }

    private static double Seconds(TimeSpan timeout) => Milliseconds(timeout) / 1000;

    private ValueTask<T> BlockAsync<T>(
        CommandName name, ReplyParser<T> parser, ReadOnlySpan<RedisKey> keys, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (keys.IsEmpty)
        {
            throw new ArgumentException("Give at least one key to wait for.", nameof(keys));
        }

        var arguments = new RedisArgument[keys.Length + 1];
        for (var i = 0; i < keys.Length; i++)
        {
            arguments[i] = keys[i];
        }

        arguments[^1] = Seconds(timeout);
        return BlockAsync(name, parser, timeout, cancellationToken, arguments);
    }

    private ValueTask<T> BlockAsync<T>(
        CommandName name, ReplyParser<T> parser, TimeSpan timeout, CancellationToken cancellationToken, params ReadOnlySpan<RedisArgument> arguments)
    {
        var command = RedisOperation<T>.Rent(parser); // never sent, but copied from: encoded here, while the caller's bytes are as they were
        command.Encode(name, arguments, SlotUse);
        return RunAsync(command, parser, timeout, cancellationToken);
    }

    private async ValueTask<T> RunAsync<T>(RedisOperation command, ReplyParser<T> parser, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await ConnectedAsync(cancellationToken).ConfigureAwait(false);
        return await BlockingCall.RunAsync(_topology, _context, Measure, command, parser, timeout, cancellationToken).ConfigureAwait(false);
    }
}
