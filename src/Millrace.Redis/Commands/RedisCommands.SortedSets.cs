using Millrace.Redis.Commands;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private static readonly CommandName ZAdd = CommandName.Write("ZADD");
    private static readonly CommandName ZRem = CommandName.Write("ZREM");
    private static readonly CommandName ZScore = CommandName.Read("ZSCORE");
    private static readonly CommandName ZMScore = CommandName.Read("ZMSCORE");
    private static readonly CommandName ZIncrBy = CommandName.Write("ZINCRBY");
    private static readonly CommandName ZCard = CommandName.Read("ZCARD");
    private static readonly CommandName ZCount = CommandName.Read("ZCOUNT");
    private static readonly CommandName ZLexCount = CommandName.Read("ZLEXCOUNT");
    private static readonly CommandName ZRank = CommandName.Read("ZRANK");
    private static readonly CommandName ZRevRank = CommandName.Read("ZREVRANK");
    private static readonly CommandName ZPopMin = CommandName.Write("ZPOPMIN");
    private static readonly CommandName ZPopMax = CommandName.Write("ZPOPMAX");
    private static readonly CommandName ZRandMember = CommandName.Read("ZRANDMEMBER");
    private static readonly CommandName ZRemRangeByRank = CommandName.Write("ZREMRANGEBYRANK");
    private static readonly CommandName ZRemRangeByScore = CommandName.Write("ZREMRANGEBYSCORE");
    private static readonly CommandName ZRemRangeByLex = CommandName.Write("ZREMRANGEBYLEX");

    /// <summary>ZADD: adds a member or sets its score, always or depending on what is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="member">The member.</param>
    /// <param name="score">Its score; not NaN.</param>
    /// <param name="condition">If the member is absent (NX) or present (XX), or if it is absent or its score becomes greater (GT) or less (LT). Default: always.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether it is new; false also when only its score has changed.</returns>
    public ValueTask<bool> ZAddAsync(
        RedisKey key, RedisArgument member, double score, RedisCondition condition = RedisCondition.Always, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(4);
        arguments.Add(key);
        arguments.Add(condition);
        arguments.Add(score);
        arguments.Add(member);
        return SendAsync(ZAdd, Replies.Boolean, ref arguments, cancellationToken);
    }

    /// <summary>ZADD: adds members or sets their scores, always or depending on what is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="members">The members with their scores, which are not NaN. None: 0, without asking.</param>
    /// <param name="condition">For each: if it is absent (NX) or present (XX), or if it is absent or its score becomes greater (GT) or less (LT). Default: always.</param>
    /// <param name="countChanged">Whether the result counts members whose score has changed too (CH). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many are new.</returns>
    public ValueTask<long> ZAddAsync(
        RedisKey key,
        ReadOnlySpan<(RedisArgument Member, double Score)> members,
        RedisCondition condition = RedisCondition.Always,
        bool countChanged = false,
        CancellationToken cancellationToken = default)
    {
        if (members.IsEmpty)
        {
            return new(0);
        }

        var arguments = new ArgumentList(3 + (2 * members.Length));
        arguments.Add(key);
        arguments.Add(condition);
        if (countChanged)
        {
            arguments.Add("CH");
        }

        foreach (ref readonly var pair in members)
        {
            arguments.Add(pair.Score);
            arguments.Add(pair.Member);
        }

        return SendAsync(ZAdd, Replies.Integer, ref arguments, cancellationToken);
    }

    /// <summary>ZADD with INCR: adds to a member's score, 0 where there is none, always or depending on what is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="member">The member.</param>
    /// <param name="amount">What is added; not NaN.</param>
    /// <param name="condition">As for <see cref="ZAddAsync(RedisKey, RedisArgument, double, RedisCondition, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The score afterwards; null when the condition did not hold.</returns>
    public ValueTask<double?> ZAddIncrAsync(
        RedisKey key, RedisArgument member, double amount, RedisCondition condition, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(5);
        arguments.Add(key);
        arguments.Add(condition);
        arguments.Add("INCR");
        arguments.Add(amount);
        arguments.Add(member);
        return SendAsync(ZAdd, Replies.NumberOrNull, ref arguments, cancellationToken);
    }

    /// <summary>ZREM: removes a member.</summary>
    /// <returns>Whether it was there.</returns>
    public ValueTask<bool> ZRemAsync(RedisKey key, RedisArgument member, CancellationToken cancellationToken = default) =>
        SendAsync(ZRem, Replies.Boolean, cancellationToken, key, member);

    /// <summary>ZREM: removes members.</summary>
    /// <returns>How many were there. No members: 0, without asking.</returns>
    public ValueTask<long> ZRemAsync(RedisKey key, ReadOnlySpan<RedisArgument> members, CancellationToken cancellationToken = default) =>
        members.IsEmpty ? new(0) : SendAsync(ZRem, Replies.Integer, key, members, cancellationToken);

    /// <summary>ZSCORE: a member's score.</summary>
    /// <returns>Null when there is no such member or key.</returns>
    public ValueTask<double?> ZScoreAsync(RedisKey key, RedisArgument member, CancellationToken cancellationToken = default) =>
        SendAsync(ZScore, Replies.NumberOrNull, cancellationToken, key, member);

    /// <summary>ZMSCORE: members' scores.</summary>
    /// <returns>In the order of the members, null for each that is not there. No members: empty, without asking.</returns>
    public ValueTask<double?[]> ZMScoreAsync(RedisKey key, ReadOnlySpan<RedisArgument> members, CancellationToken cancellationToken = default) =>
        members.IsEmpty ? new([]) : SendAsync(ZMScore, Replies.OptionalNumbers, key, members, cancellationToken);

    /// <summary>ZINCRBY: adds to a member's score, 0 where there is none.</summary>
    /// <returns>The score afterwards.</returns>
    public ValueTask<double> ZIncrByAsync(RedisKey key, RedisArgument member, double amount, CancellationToken cancellationToken = default) =>
        SendAsync(ZIncrBy, Replies.Number, cancellationToken, key, amount, member);

    /// <summary>ZCARD: how many members there are.</summary>
    /// <returns>0 when there is no such key.</returns>
    public ValueTask<long> ZCardAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(ZCard, Replies.Integer, cancellationToken, key);

    /// <summary>ZCOUNT: how many members have a score in a range.</summary>
    public ValueTask<long> ZCountAsync(RedisKey key, RedisScoreRange range, CancellationToken cancellationToken = default) =>
        SendAsync(ZCount, Replies.Integer, cancellationToken, key, range.MinimumArgument, range.MaximumArgument);

    /// <summary>ZLEXCOUNT: how many members, all of one score, lie in a range of text.</summary>
    /// <param name="key">The key.</param>
    /// <param name="minimum">The least member behind <c>[</c> (inclusive) or <c>(</c> (exclusive); <c>-</c>: no bound.</param>
    /// <param name="maximum">The greatest member, likewise; <c>+</c>: no bound.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<long> ZLexCountAsync(RedisKey key, RedisArgument minimum, RedisArgument maximum, CancellationToken cancellationToken = default) =>
        SendAsync(ZLexCount, Replies.Integer, cancellationToken, key, minimum, maximum);

    /// <summary>ZRANK: a member's place, the least score first.</summary>
    /// <returns>From 0; null when there is no such member or key.</returns>
    public ValueTask<long?> ZRankAsync(RedisKey key, RedisArgument member, CancellationToken cancellationToken = default) =>
        SendAsync(ZRank, Replies.IntegerOrNull, cancellationToken, key, member);

    /// <summary>ZREVRANK: a member's place, the greatest score first.</summary>
    /// <returns>From 0; null when there is no such member or key.</returns>
    public ValueTask<long?> ZRevRankAsync(RedisKey key, RedisArgument member, CancellationToken cancellationToken = default) =>
        SendAsync(ZRevRank, Replies.IntegerOrNull, cancellationToken, key, member);

    /// <summary>ZPOPMIN: takes the member with the least score.</summary>
    /// <returns>Null when there is none.</returns>
    public ValueTask<RedisScored?> ZPopMinAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(ZPopMin, Replies.FirstScored, cancellationToken, key);

    /// <summary>ZPOPMIN: takes the members with the least scores.</summary>
    /// <returns>At most <paramref name="count"/>, the least first; empty when there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public ValueTask<RedisScored[]> ZPopMinAsync(RedisKey key, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return SendAsync(ZPopMin, Replies.Scored, cancellationToken, key, count);
    }

    /// <summary>ZPOPMAX: takes the member with the greatest score.</summary>
    /// <returns>Null when there is none.</returns>
    public ValueTask<RedisScored?> ZPopMaxAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(ZPopMax, Replies.FirstScored, cancellationToken, key);

    /// <summary>ZPOPMAX: takes the members with the greatest scores.</summary>
    /// <returns>At most <paramref name="count"/>, the greatest first; empty when there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public ValueTask<RedisScored[]> ZPopMaxAsync(RedisKey key, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return SendAsync(ZPopMax, Replies.Scored, cancellationToken, key, count);
    }

    /// <summary>ZRANDMEMBER with WITHSCORES: random members.</summary>
    /// <param name="key">The key.</param>
    /// <param name="count">At most how many different ones; negative: exactly that many, the same ones perhaps.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty when there are none.</returns>
    public ValueTask<RedisScored[]> ZRandMemberAsync(RedisKey key, int count, CancellationToken cancellationToken = default) =>
        SendAsync(ZRandMember, Replies.Scored, cancellationToken, key, count, "WITHSCORES");

    /// <summary>ZREMRANGEBYRANK: removes members by their places, the least score first.</summary>
    /// <param name="key">The key.</param>
    /// <param name="first">The first place, from 0; negative counts from the end, -1 is the last.</param>
    /// <param name="last">The last place, likewise.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were removed.</returns>
    public ValueTask<long> ZRemRangeByRankAsync(RedisKey key, long first, long last, CancellationToken cancellationToken = default) =>
        SendAsync(ZRemRangeByRank, Replies.Integer, cancellationToken, key, first, last);

    /// <summary>ZREMRANGEBYSCORE: removes members with a score in a range.</summary>
    /// <returns>How many were removed.</returns>
    public ValueTask<long> ZRemRangeByScoreAsync(RedisKey key, RedisScoreRange range, CancellationToken cancellationToken = default) =>
        SendAsync(ZRemRangeByScore, Replies.Integer, cancellationToken, key, range.MinimumArgument, range.MaximumArgument);

    /// <summary>ZREMRANGEBYLEX: removes members, all of one score, in a range of text, whose bounds are as for <see cref="ZLexCountAsync"/>.</summary>
    /// <returns>How many were removed.</returns>
    public ValueTask<long> ZRemRangeByLexAsync(RedisKey key, RedisArgument minimum, RedisArgument maximum, CancellationToken cancellationToken = default) =>
        SendAsync(ZRemRangeByLex, Replies.Integer, cancellationToken, key, minimum, maximum);
}
