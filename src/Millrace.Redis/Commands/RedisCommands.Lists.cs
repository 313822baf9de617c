using Millrace.Redis.Commands;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private static readonly CommandName LPush = CommandName.Write("LPUSH");
    private static readonly CommandName LPushX = CommandName.Write("LPUSHX");
    private static readonly CommandName RPush = CommandName.Write("RPUSH");
    private static readonly CommandName RPushX = CommandName.Write("RPUSHX");
    private static readonly CommandName LPop = CommandName.Write("LPOP");
    private static readonly CommandName RPop = CommandName.Write("RPOP");
    private static readonly CommandName LRange = CommandName.Read("LRANGE");
    private static readonly CommandName LLen = CommandName.Read("LLEN");
    private static readonly CommandName LIndex = CommandName.Read("LINDEX");
    private static readonly CommandName LSet = CommandName.Write("LSET");
    private static readonly CommandName LRem = CommandName.Write("LREM");
    private static readonly CommandName LTrim = CommandName.Write("LTRIM");
    private static readonly CommandName LInsert = CommandName.Write("LINSERT");
    private static readonly CommandName LMove = CommandName.Write("LMOVE");
    private static readonly CommandName LPos = CommandName.Read("LPOS");

    /// <summary>LPUSH: adds a value at the head.</summary>
    /// <returns>The list's length afterwards.</returns>
    public ValueTask<long> LPushAsync(RedisKey key, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(LPush, Replies.Integer, cancellationToken, key, value);

    /// <summary>LPUSH: adds values at the head, one after the other, so that the last one comes to be the first.</summary>
    /// <returns>The list's length afterwards.</returns>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public ValueTask<long> LPushAsync(RedisKey key, ReadOnlySpan<RedisArgument> values, CancellationToken cancellationToken = default) =>
        SendAsync(LPush, Replies.Integer, key, NotEmpty(values, nameof(values)), cancellationToken);

    /// <summary>LPUSHX: adds a value at the head of a list that is there.</summary>
    /// <returns>The list's length afterwards; 0 when there is none.</returns>
    public ValueTask<long> LPushXAsync(RedisKey key, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(LPushX, Replies.Integer, cancellationToken, key, value);

    /// <summary>RPUSH: adds a value at the tail.</summary>
    /// <returns>The list's length afterwards.</returns>
    public ValueTask<long> RPushAsync(RedisKey key, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(RPush, Replies.Integer, cancellationToken, key, value);

    /// <summary>RPUSH: adds values at the tail, in their order.</summary>
    /// <returns>The list's length afterwards.</returns>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public ValueTask<long> RPushAsync(RedisKey key, ReadOnlySpan<RedisArgument> values, CancellationToken cancellationToken = default) =>
        SendAsync(RPush, Replies.Integer, key, NotEmpty(values, nameof(values)), cancellationToken);

    /// <summary>RPUSHX: adds a value at the tail of a list that is there.</summary>
    /// <returns>The list's length afterwards; 0 when there is none.</returns>
    public ValueTask<long> RPushXAsync(RedisKey key, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(RPushX, Replies.Integer, cancellationToken, key, value);

    /// <summary>LPOP: takes the value at the head.</summary>
    /// <returns>Null when there is none.</returns>
    public ValueTask<byte[]?> LPopAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(LPop, Replies.Bytes, cancellationToken, key);

    /// <summary>LPOP: takes values at the head.</summary>
    /// <returns>At most <paramref name="count"/>, the head first; empty when there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public ValueTask<byte[][]> LPopAsync(RedisKey key, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return SendAsync(LPop, Replies.Values, cancellationToken, key, count);
    }

    /// <summary>RPOP: takes the value at the tail.</summary>
    /// <returns>Null when there is none.</returns>
    public ValueTask<byte[]?> RPopAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(RPop, Replies.Bytes, cancellationToken, key);

    /// <summary>RPOP: takes values at the tail.</summary>
    /// <returns>At most <paramref name="count"/>, the tail first; empty when there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public ValueTask<byte[][]> RPopAsync(RedisKey key, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return SendAsync(RPop, Replies.Values, cancellationToken, key, count);
    }

    /// <summary>LRANGE: reads a part of a list.</summary>
    /// <param name="key">The key.</param>
    /// <param name="first">The part's first index, from 0; negative counts from the end, -1 is the last. Default: 0.</param>
    /// <param name="last">The part's last index, likewise. Default: -1.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The part; empty where there is nothing.</returns>
    public ValueTask<byte[][]> LRangeAsync(RedisKey key, long first = 0, long last = -1, CancellationToken cancellationToken = default) =>
        SendAsync(LRange, Replies.Values, cancellationToken, key, first, last);

    /// <summary>LLEN: a list's length.</summary>
    /// <returns>0 when there is none.</returns>
    public ValueTask<long> LLenAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(LLen, Replies.Integer, cancellationToken, key);

    /// <summary>LINDEX: reads the value at an index, from 0; negative counts from the end.</summary>
    /// <returns>Null when there is none.</returns>
    public ValueTask<byte[]?> LIndexAsync(RedisKey key, long index, CancellationToken cancellationToken = default) =>
        SendAsync(LIndex, Replies.Bytes, cancellationToken, key, index);

    /// <summary>LSET: overwrites the value at an index, from 0; negative counts from the end.</summary>
    /// <exception cref="RedisServerException">There is no such index or key.</exception>
    public ValueTask LSetAsync(RedisKey key, long index, RedisArgument value, CancellationToken cancellationToken = default) =>
        EndAsync(SendAsync(LSet, Replies.Boolean, cancellationToken, key, index, value));

    /// <summary>LREM: removes values that are equal to one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="count">At most how many, from the head; negative: from the tail; 0: all. Default: 0.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were removed.</returns>
    public ValueTask<long> LRemAsync(RedisKey key, RedisArgument value, long count = 0, CancellationToken cancellationToken = default) =>
        SendAsync(LRem, Replies.Integer, cancellationToken, key, count, value);

    /// <summary>LTRIM: removes all but a part, whose ends are as for <see cref="LRangeAsync"/>.</summary>
    public ValueTask LTrimAsync(RedisKey key, long first, long last, CancellationToken cancellationToken = default) =>
        EndAsync(SendAsync(LTrim, Replies.Boolean, cancellationToken, key, first, last));

    /// <summary>LINSERT BEFORE: adds a value in front of the first one that equals <paramref name="pivot"/>.</summary>
    /// <returns>The list's length afterwards; -1 when there is no such value, 0 when there is no such key.</returns>
    public ValueTask<long> LInsertBeforeAsync(RedisKey key, RedisArgument pivot, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(LInsert, Replies.Integer, cancellationToken, key, "BEFORE", pivot, value);

    /// <summary>LINSERT AFTER: adds a value behind the first one that equals <paramref name="pivot"/>.</summary>
    /// <returns>The list's length afterwards; -1 when there is no such value, 0 when there is no such key.</returns>
    public ValueTask<long> LInsertAfterAsync(RedisKey key, RedisArgument pivot, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(LInsert, Replies.Integer, cancellationToken, key, "AFTER", pivot, value);

    /// <summary>LMOVE: takes a value from an end of one list and adds it at an end of another or the same, in one step. In a cluster both have
    /// to share a slot.</summary>
    /// <returns>The value; null when the source is empty.</returns>
    public ValueTask<byte[]?> LMoveAsync(
        RedisKey source, RedisKey destination, RedisListEnd from, RedisListEnd to, CancellationToken cancellationToken = default) =>
        SendAsync(LMove, Replies.Bytes, cancellationToken, source, destination, End(from), End(to));

    /// <summary>LPOS: the index of the first value that equals one.</summary>
    /// <returns>From 0; null when there is none.</returns>
    public ValueTask<long?> LPosAsync(RedisKey key, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(LPos, Replies.IntegerOrNull, cancellationToken, key, value);

    /// <summary>LPOS with COUNT: the indexes of values that equal one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="count">At most how many; 0: all.</param>
    /// <param name="rank">Which match comes first: 1 the first, 2 the second; negative: from the tail. Default: 1.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>From 0; empty when there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative, or <paramref name="rank"/> is 0.</exception>
    public ValueTask<long[]> LPosAsync(RedisKey key, RedisArgument value, int count, long rank = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfZero(rank);
        return SendAsync(LPos, Replies.Integers, cancellationToken, key, value, "RANK", rank, "COUNT", count);
    }

    /// <summary>An end's word.</summary>
    private protected static string End(RedisListEnd end) => end switch
    {
        RedisListEnd.Left => "LEFT",
        RedisListEnd.Right => "RIGHT",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, "A list has a left and a right end."),
    };

    private static ReadOnlySpan<T> NotEmpty<T>(ReadOnlySpan<T> items, string name) =>
        items.IsEmpty ? throw new ArgumentException("At least one is needed: only the server could tell the result of none.", name) : items;
}
