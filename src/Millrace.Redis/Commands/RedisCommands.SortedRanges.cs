using Millrace.Redis.Commands;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>ZRANGE in its forms. Results begin with the least score, or with the greatest when they are reversed.</summary>
public abstract partial class RedisCommands
{
    private static readonly CommandName ZRange = CommandName.Read("ZRANGE");
    private static readonly CommandName ZRangeStore = CommandName.Write("ZRANGESTORE");

    /// <summary>ZRANGE: the members at places.</summary>
    /// <param name="key">The key.</param>
    /// <param name="first">The first place, from 0; negative counts from the end, -1 is the last. Default: 0.</param>
    /// <param name="last">The last place, likewise. Default: -1.</param>
    /// <param name="reverse">Whether places count from the greatest score (REV). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The members; empty where there are none.</returns>
    public ValueTask<byte[][]> ZRangeAsync(RedisKey key, long first = 0, long last = -1, bool reverse = false, CancellationToken cancellationToken = default) =>
        reverse
            ? SendAsync(ZRange, Replies.Values, cancellationToken, key, first, last, "REV")
            : SendAsync(ZRange, Replies.Values, cancellationToken, key, first, last);

    /// <summary>ZRANGE with WITHSCORES: the members at places, with their scores.</summary>
    /// <param name="key">The key.</param>
    /// <param name="first">The first place, from 0; negative counts from the end, -1 is the last. Default: 0.</param>
    /// <param name="last">The last place, likewise. Default: -1.</param>
    /// <param name="reverse">Whether places count from the greatest score (REV). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The members; empty where there are none.</returns>
    public ValueTask<RedisScored[]> ZRangeWithScoresAsync(
        RedisKey key, long first = 0, long last = -1, bool reverse = false, CancellationToken cancellationToken = default) =>
        reverse
            ? SendAsync(ZRange, Replies.Scored, cancellationToken, key, first, last, "REV", "WITHSCORES")
            : SendAsync(ZRange, Replies.Scored, cancellationToken, key, first, last, "WITHSCORES");

    /// <summary>ZRANGE with BYSCORE: the members with a score in a range.</summary>
    /// <param name="key">The key.</param>
    /// <param name="range">The scores.</param>
    /// <param name="skip">How many members of the range to leave out first. Default: 0.</param>
    /// <param name="take">At most how many to return; negative: all. Default: -1.</param>
    /// <param name="reverse">Whether to begin with the greatest score (REV). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The members; empty where there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="skip"/> is negative.</exception>
    public ValueTask<byte[][]> ZRangeByScoreAsync(
        RedisKey key, RedisScoreRange range, long skip = 0, long take = -1, bool reverse = false, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(8);
        arguments.Add(key);
        AddRange(ref arguments, range.MinimumArgument, range.MaximumArgument, "BYSCORE", skip, take, reverse);
        return SendAsync(ZRange, Replies.Values, ref arguments, cancellationToken);
    }

    /// <summary>ZRANGE with BYSCORE and WITHSCORES: the members with a score in a range, with their scores.</summary>
    /// <param name="key">The key.</param>
    /// <param name="range">The scores.</param>
    /// <param name="skip">How many members of the range to leave out first. Default: 0.</param>
    /// <param name="take">At most how many to return; negative: all. Default: -1.</param>
    /// <param name="reverse">Whether to begin with the greatest score (REV). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The members; empty where there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="skip"/> is negative.</exception>
    public ValueTask<RedisScored[]> ZRangeByScoreWithScoresAsync(
        RedisKey key, RedisScoreRange range, long skip = 0, long take = -1, bool reverse = false, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(9);
        arguments.Add(key);
        AddRange(ref arguments, range.MinimumArgument, range.MaximumArgument, "BYSCORE", skip, take, reverse);
        arguments.Add("WITHSCORES");
        return SendAsync(ZRange, Replies.Scored, ref arguments, cancellationToken);
    }

    /// <summary>ZRANGE with BYLEX: the members, all of one score, in a range of text.</summary>
    /// <param name="key">The key.</param>
    /// <param name="minimum">The least member behind <c>[</c> (inclusive) or <c>(</c> (exclusive); <c>-</c>: no bound.</param>
    /// <param name="maximum">The greatest member, likewise; <c>+</c>: no bound.</param>
    /// <param name="skip">How many members of the range to leave out first. Default: 0.</param>
    /// <param name="take">At most how many to return; negative: all. Default: -1.</param>
    /// <param name="reverse">Whether to begin with the greatest member (REV). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The members; empty where there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="skip"/> is negative.</exception>
    public ValueTask<byte[][]> ZRangeByLexAsync(
        RedisKey key, RedisArgument minimum, RedisArgument maximum, long skip = 0, long take = -1, bool reverse = false, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(8);
        arguments.Add(key);
        AddRange(ref arguments, minimum, maximum, "BYLEX", skip, take, reverse);
        return SendAsync(ZRange, Replies.Values, ref arguments, cancellationToken);
    }

    /// <summary>ZRANGESTORE: writes the members at places to another key, over what is there. In a cluster both have to share a slot.</summary>
    /// <param name="destination">Where they are written; removed when there are none.</param>
    /// <param name="source">The sorted set.</param>
    /// <param name="first">The first place, from 0; negative counts from the end, -1 is the last. Default: 0.</param>
    /// <param name="last">The last place, likewise. Default: -1.</param>
    /// <param name="reverse">Whether places count from the greatest score (REV). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were written.</returns>
    public ValueTask<long> ZRangeStoreAsync(
        RedisKey destination, RedisKey source, long first = 0, long last = -1, bool reverse = false, CancellationToken cancellationToken = default) =>
        reverse
            ? SendAsync(ZRangeStore, Replies.Integer, cancellationToken, destination, source, first, last, "REV")
            : SendAsync(ZRangeStore, Replies.Integer, cancellationToken, destination, source, first, last);

    /// <summary>ZRANGESTORE with BYSCORE: writes the members with a score in a range to another key, over what is there. In a cluster both have
    /// to share a slot.</summary>
    /// <param name="destination">Where they are written; removed when there are none.</param>
    /// <param name="source">The sorted set.</param>
    /// <param name="range">The scores.</param>
    /// <param name="skip">How many members of the range to leave out first. Default: 0.</param>
    /// <param name="take">At most how many to write; negative: all. Default: -1.</param>
    /// <param name="reverse">Whether to begin with the greatest score (REV). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were written.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="skip"/> is negative.</exception>
    public ValueTask<long> ZRangeStoreAsync(
        RedisKey destination, RedisKey source, RedisScoreRange range, long skip = 0, long take = -1, bool reverse = false, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(9);
        arguments.Add(destination);
        arguments.Add(source);
        AddRange(ref arguments, range.MinimumArgument, range.MaximumArgument, "BYSCORE", skip, take, reverse);
        return SendAsync(ZRangeStore, Replies.Integer, ref arguments, cancellationToken);
    }

    /// <summary>Writes a range; servers take the bounds in the order of the results.</summary>
    private static void AddRange(
        ref ArgumentList arguments, RedisArgument minimum, RedisArgument maximum, string form, long skip, long take, bool reverse)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        arguments.Add(reverse ? maximum : minimum);
        arguments.Add(reverse ? minimum : maximum);
        arguments.Add(form);
        if (reverse)
        {
            arguments.Add("REV");
        }

        if (skip > 0 || take >= 0)
        {
            arguments.Add("LIMIT");
            arguments.Add(skip);
            arguments.Add(take);
        }
    }
}
