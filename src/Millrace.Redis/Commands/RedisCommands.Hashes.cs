using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private static readonly CommandName HSet = CommandName.Write("HSET");
    private static readonly CommandName HSetNx = CommandName.Write("HSETNX");
    private static readonly CommandName HGet = CommandName.Read("HGET");
    private static readonly CommandName HMGet = CommandName.Read("HMGET");
    private static readonly CommandName HGetAll = CommandName.Read("HGETALL");
    private static readonly CommandName HDel = CommandName.Write("HDEL");
    private static readonly CommandName HExists = CommandName.Read("HEXISTS");
    private static readonly CommandName HIncrBy = CommandName.Write("HINCRBY");
    private static readonly CommandName HIncrByFloat = CommandName.Write("HINCRBYFLOAT");
    private static readonly CommandName HLen = CommandName.Read("HLEN");
    private static readonly CommandName HStrLen = CommandName.Read("HSTRLEN");
    private static readonly CommandName HKeys = CommandName.Read("HKEYS");
    private static readonly CommandName HVals = CommandName.Read("HVALS");
    private static readonly CommandName HRandField = CommandName.Read("HRANDFIELD");
    private static readonly CommandName HPExpire = CommandName.Write("HPEXPIRE");
    private static readonly CommandName HPExpireAt = CommandName.Write("HPEXPIREAT");
    private static readonly CommandName HPTtl = CommandName.Read("HPTTL");
    private static readonly CommandName HPersist = CommandName.Write("HPERSIST");

    /// <summary>HSET: writes a field.</summary>
    /// <returns>Whether the field is new.</returns>
    public ValueTask<bool> HSetAsync(RedisKey key, RedisArgument field, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(HSet, Replies.Boolean, cancellationToken, key, field, value);

    /// <summary>HSET: writes fields.</summary>
    /// <returns>How many of them are new. No fields: 0, without asking.</returns>
    public ValueTask<long> HSetAsync(
        RedisKey key, ReadOnlySpan<(RedisArgument Field, RedisArgument Value)> fields, CancellationToken cancellationToken = default)
    {
        if (fields.IsEmpty)
        {
            return new(0);
        }

        var arguments = new ArgumentList(1 + (2 * fields.Length));
        arguments.Add(key);
        arguments.Add(fields);
        return SendAsync(HSet, Replies.Integer, ref arguments, cancellationToken);
    }

    /// <summary>HSETNX: writes a field if it is not there.</summary>
    /// <returns>Whether it was written.</returns>
    public ValueTask<bool> HSetNxAsync(RedisKey key, RedisArgument field, RedisArgument value, CancellationToken cancellationToken = default) =>
        SendAsync(HSetNx, Replies.Boolean, cancellationToken, key, field, value);

    /// <summary>HGET: reads a field.</summary>
    /// <returns>Its value; null when there is no such field or key.</returns>
    public ValueTask<byte[]?> HGetAsync(RedisKey key, RedisArgument field, CancellationToken cancellationToken = default) =>
        SendAsync(HGet, Replies.Bytes, cancellationToken, key, field);

    /// <summary>HGET: reads a field as text (UTF-8).</summary>
    /// <returns>The text; null when there is no such field or key.</returns>
    public ValueTask<string?> HGetStringAsync(RedisKey key, RedisArgument field, CancellationToken cancellationToken = default) =>
        SendAsync(HGet, Replies.Text, cancellationToken, key, field);

    /// <summary>HMGET: reads fields.</summary>
    /// <returns>Their values in the order of the fields, null for each that is not there. No fields: empty, without asking.</returns>
    public ValueTask<byte[]?[]> HMGetAsync(RedisKey key, ReadOnlySpan<RedisArgument> fields, CancellationToken cancellationToken = default) =>
        fields.IsEmpty ? new([]) : SendAsync(HMGet, Replies.OptionalValues, key, fields, cancellationToken);

    /// <summary>HGETALL: reads all fields.</summary>
    /// <returns>The fields, in no order; empty when there is no such key.</returns>
    public ValueTask<RedisField[]> HGetAllAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(HGetAll, Replies.Fields, cancellationToken, key);

    /// <summary>HDEL: removes a field.</summary>
    /// <returns>Whether it was there.</returns>
    public ValueTask<bool> HDelAsync(RedisKey key, RedisArgument field, CancellationToken cancellationToken = default) =>
        SendAsync(HDel, Replies.Boolean, cancellationToken, key, field);

    /// <summary>HDEL: removes fields.</summary>
    /// <returns>How many were there. No fields: 0, without asking.</returns>
    public ValueTask<long> HDelAsync(RedisKey key, ReadOnlySpan<RedisArgument> fields, CancellationToken cancellationToken = default) =>
        fields.IsEmpty ? new(0) : SendAsync(HDel, Replies.Integer, key, fields, cancellationToken);

    /// <summary>HEXISTS: whether a field is there.</summary>
    public ValueTask<bool> HExistsAsync(RedisKey key, RedisArgument field, CancellationToken cancellationToken = default) =>
        SendAsync(HExists, Replies.Boolean, cancellationToken, key, field);

    /// <summary>HINCRBY: adds to a field's whole number, 0 where there is none.</summary>
    /// <returns>The number afterwards.</returns>
    public ValueTask<long> HIncrByAsync(RedisKey key, RedisArgument field, long amount, CancellationToken cancellationToken = default) =>
        SendAsync(HIncrBy, Replies.Integer, cancellationToken, key, field, amount);

    /// <summary>HINCRBYFLOAT: adds to a field's number, 0 where there is none.</summary>
    /// <returns>The number afterwards.</returns>
    public ValueTask<double> HIncrByFloatAsync(RedisKey key, RedisArgument field, double amount, CancellationToken cancellationToken = default) =>
        SendAsync(HIncrByFloat, Replies.Number, cancellationToken, key, field, amount);

    /// <summary>HLEN: how many fields there are.</summary>
    /// <returns>0 when there is no such key.</returns>
    public ValueTask<long> HLenAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(HLen, Replies.Integer, cancellationToken, key);

    /// <summary>HSTRLEN: the length of a field's value.</summary>
    /// <returns>Bytes; 0 when there is no such field or key.</returns>
    public ValueTask<long> HStrLenAsync(RedisKey key, RedisArgument field, CancellationToken cancellationToken = default) =>
        SendAsync(HStrLen, Replies.Integer, cancellationToken, key, field);

    /// <summary>HKEYS: the names of all fields.</summary>
    /// <returns>In no order; empty when there is no such key.</returns>
    public ValueTask<byte[][]> HKeysAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(HKeys, Replies.Values, cancellationToken, key);

    /// <summary>HVALS: the values of all fields.</summary>
    /// <returns>In no order; empty when there is no such key.</returns>
    public ValueTask<byte[][]> HValsAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(HVals, Replies.Values, cancellationToken, key);

    /// <summary>HRANDFIELD: the name of a random field.</summary>
    /// <returns>Null when there is no such key.</returns>
    public ValueTask<byte[]?> HRandFieldAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(HRandField, Replies.Bytes, cancellationToken, key);

    /// <summary>HRANDFIELD with WITHVALUES: random fields.</summary>
    /// <param name="key">The key.</param>
    /// <param name="count">At most how many different ones; negative: exactly that many, the same ones perhaps.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty when there is no such key.</returns>
    public ValueTask<RedisField[]> HRandFieldAsync(RedisKey key, int count, CancellationToken cancellationToken = default) =>
        SendAsync(HRandField, Replies.Fields, cancellationToken, key, count, "WITHVALUES");

    /// <summary>HPEXPIRE or HPEXPIREAT: sets when fields expire, always or depending on their expiries so far. Needs Redis 7.4, Valkey 9 or
    /// Garnet: other servers say that the command is unknown.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fields">The fields. None: empty, without asking.</param>
    /// <param name="expiry">After a while or at a moment; one that has passed removes the fields.</param>
    /// <param name="condition">Whether a field must have none (NX), have one (XX), or an earlier (GT) or later one (LT) than this. Default: always.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>For each field whether it was set: false when there is no such field, or the condition did not hold.</returns>
    /// <exception cref="ArgumentException"><paramref name="expiry"/> has no time: see <see cref="HPersistAsync"/>.</exception>
    public ValueTask<bool[]> HExpireAsync(
        RedisKey key, ReadOnlySpan<RedisArgument> fields, RedisExpiry expiry, RedisCondition condition = RedisCondition.Always, CancellationToken cancellationToken = default)
    {
        var time = RedisExpiry.Time(expiry, out var isMoment);
        if (fields.IsEmpty)
        {
            return new([]);
        }

        var arguments = new ArgumentList(5 + fields.Length);
        arguments.Add(key);
        arguments.Add(time);
        arguments.Add(condition);
        AddFields(ref arguments, fields);
        return SendAsync(isMoment ? HPExpireAt : HPExpire, Replies.ChangedFields, ref arguments, cancellationToken);
    }

    /// <summary>HPTTL: how long fields still live. Needs Redis 7.4, Valkey 9 or Garnet: other servers say that the command is unknown.</summary>
    /// <returns>For each field, in whole milliseconds; <see cref="Timeout.InfiniteTimeSpan"/> when it does not expire; null when there is no such field.
    /// No fields: empty, without asking.</returns>
    public ValueTask<TimeSpan?[]> HTtlAsync(RedisKey key, ReadOnlySpan<RedisArgument> fields, CancellationToken cancellationToken = default) =>
        fields.IsEmpty ? new([]) : SendFieldsAsync(HPTtl, Replies.Durations, key, fields, cancellationToken);

    /// <summary>HPERSIST: takes fields' expiries away. Needs Redis 7.4, Valkey 9 or Garnet: other servers say that the command is unknown.</summary>
    /// <returns>For each field whether it had one. No fields: empty, without asking.</returns>
    public ValueTask<bool[]> HPersistAsync(RedisKey key, ReadOnlySpan<RedisArgument> fields, CancellationToken cancellationToken = default) =>
        fields.IsEmpty ? new([]) : SendFieldsAsync(HPersist, Replies.ChangedFields, key, fields, cancellationToken);

    private static void AddFields(ref ArgumentList arguments, ReadOnlySpan<RedisArgument> fields)
    {
        arguments.Add("FIELDS");
        arguments.Add(fields.Length);
        arguments.Add(fields);
    }

    private ValueTask<T> SendFieldsAsync<T>(CommandName name, ReplyParser<T> parser, RedisKey key, ReadOnlySpan<RedisArgument> fields, CancellationToken cancellationToken)
    {
        var arguments = new ArgumentList(3 + fields.Length);
        arguments.Add(key);
        AddFields(ref arguments, fields);
        return SendAsync(name, parser, ref arguments, cancellationToken);
    }

    /// <summary>Sends a command of a key and a list.</summary>
    private ValueTask<T> SendAsync<T>(CommandName name, ReplyParser<T> parser, RedisKey key, ReadOnlySpan<RedisArgument> rest, CancellationToken cancellationToken)
    {
        var arguments = new ArgumentList(1 + rest.Length);
        arguments.Add(key);
        arguments.Add(rest);
        return SendAsync(name, parser, ref arguments, cancellationToken);
    }
}
