using System.Runtime.CompilerServices;
using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>Commands on several keys that do not depend on each other: in a cluster one command goes out for each slot, all at once.</summary>
public abstract partial class RedisCommands
{
    private static readonly CommandName MGet = CommandName.Read("MGET");
    private static readonly CommandName MSet = CommandName.Write("MSET");
    private static readonly CommandName MSetNx = CommandName.Write("MSETNX");
    private static readonly CommandName Del = CommandName.Write("DEL");
    private static readonly CommandName Unlink = CommandName.Write("UNLINK");
    private static readonly CommandName Exists = CommandName.Read("EXISTS");
    private static readonly CommandName Touch = CommandName.Write("TOUCH");

    /// <summary>MGET: reads several values. In a cluster one command goes out for each slot, so that the values need not be of one moment.</summary>
    /// <returns>The values in the order of the keys, null for each key that is not there or holds something else. No keys: empty, without asking.</returns>
    public ValueTask<byte[]?[]> MGetAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default)
    {
        if (keys.IsEmpty)
        {
            return new([]);
        }

        if (SplitsKeys && SlotGroups.Of(keys) is { } groups)
        {
            return JoinAsync(SendGroups(MGet, Replies.OptionalValues, keys, groups, cancellationToken), groups, keys.Length);
        }

        return SendAsync(MGet, Replies.OptionalValues, keys, cancellationToken);
    }

    /// <summary>MSET: writes several values; expiries that the keys had are taken away. On one server all at one moment; in a cluster one
    /// command goes out for each slot, and when one fails others may have been written.</summary>
    /// <returns>Ends when all are written; at once when there are none.</returns>
    public ValueTask MSetAsync(ReadOnlySpan<(RedisKey Key, RedisArgument Value)> values, CancellationToken cancellationToken = default)
    {
        if (values.IsEmpty)
        {
            return default;
        }

        if (SplitsKeys && SlotGroups.Of(Keys(values)) is { } groups)
        {
            var parts = new RedisOperation<bool>[groups.Count];
            for (var i = 0; i < parts.Length; i++)
            {
                var arguments = new ArgumentList(2 * values.Length);
                foreach (var place in groups.Group(i))
                {
                    arguments.Add(values[place].Key);
                    arguments.Add(values[place].Value);
                }

                parts[i] = Encode(MSet, Replies.Boolean, ref arguments);
            }

            return new ValueTask(Task.WhenAll(SendAll(parts, cancellationToken)));
        }

        return EndAsync(SendMSetAsync(MSet, values, cancellationToken));
    }

    /// <summary>MSETNX: writes several values if none of the keys is there. In a cluster they have to share a slot.</summary>
    /// <returns>Whether they were written. No values: true, without asking.</returns>
    /// <exception cref="RedisException">The keys lie in different slots of a cluster.</exception>
    public ValueTask<bool> MSetNxAsync(ReadOnlySpan<(RedisKey Key, RedisArgument Value)> values, CancellationToken cancellationToken = default) =>
        values.IsEmpty ? new(true) : SendMSetAsync(MSetNx, values, cancellationToken);

    /// <summary>DEL: removes a key.</summary>
    /// <returns>Whether it was there.</returns>
    public ValueTask<bool> DelAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Del, Replies.Boolean, cancellationToken, key);

    /// <summary>DEL: removes keys. In a cluster one command goes out for each slot.</summary>
    /// <returns>How many were there. No keys: 0, without asking.</returns>
    public ValueTask<long> DelAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        CountAsync(Del, keys, cancellationToken);

    /// <summary>UNLINK: removes a key; its memory is freed later, on another thread of the server.</summary>
    /// <returns>Whether it was there.</returns>
    public ValueTask<bool> UnlinkAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Unlink, Replies.Boolean, cancellationToken, key);

    /// <summary>UNLINK: removes keys; their memory is freed later, on another thread of the server. In a cluster one command goes out for each slot.</summary>
    /// <returns>How many were there. No keys: 0, without asking.</returns>
    public ValueTask<long> UnlinkAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        CountAsync(Unlink, keys, cancellationToken);

    /// <summary>EXISTS: whether a key is there.</summary>
    public ValueTask<bool> ExistsAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Exists, Replies.Boolean, cancellationToken, key);

    /// <summary>EXISTS: counts the keys that are there, one that is named twice twice. In a cluster one command goes out for each slot.</summary>
    /// <returns>How many are there. No keys: 0, without asking.</returns>
    public ValueTask<long> ExistsAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        CountAsync(Exists, keys, cancellationToken);

    /// <summary>TOUCH: marks keys as used now, for the server's eviction. In a cluster one command goes out for each slot.</summary>
    /// <returns>How many are there. No keys: 0, without asking.</returns>
    public ValueTask<long> TouchAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        CountAsync(Touch, keys, cancellationToken);

    /// <summary>Whether keys of several slots go into several commands: there is a cluster, or nobody knows yet.</summary>
    private protected virtual bool SplitsKeys => SlotUse == SlotUse.Cluster;

    private static RedisKey[] Keys(ReadOnlySpan<(RedisKey Key, RedisArgument Value)> values)
    {
        var keys = new RedisKey[values.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = values[i].Key;
        }

        return keys;
    }

    private ValueTask<long> CountAsync(CommandName name, ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken)
    {
        if (keys.IsEmpty)
        {
            return new(0);
        }

        if (SplitsKeys && SlotGroups.Of(keys) is { } groups)
        {
            return SumAsync(SendGroups(name, Replies.Integer, keys, groups, cancellationToken));
        }

        return SendAsync(name, Replies.Integer, keys, cancellationToken);
    }

    private ValueTask<bool> SendMSetAsync(CommandName name, ReadOnlySpan<(RedisKey Key, RedisArgument Value)> values, CancellationToken cancellationToken)
    {
        var arguments = new ArgumentList(2 * values.Length);
        foreach (ref readonly var pair in values)
        {
            arguments.Add(pair.Key);
            arguments.Add(pair.Value);
        }

        return SendAsync(name, Replies.Boolean, ref arguments, cancellationToken);
    }

    /// <summary>Sends commands of one slot each.</summary>
    private protected virtual Task<T>[] SendAll<T>(RedisOperation<T>[] operations, CancellationToken cancellationToken) =>
        Array.ConvertAll(operations, operation => SendAsync(operation, cancellationToken).AsTask());

    private Task<T>[] SendGroups<T>(CommandName name, ReplyParser<T> parser, ReadOnlySpan<RedisKey> keys, SlotGroups groups, CancellationToken cancellationToken)
    {
        var parts = new RedisOperation<T>[groups.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            var places = groups.Group(i);
            var arguments = new ArgumentList(places.Length);
            foreach (var place in places)
            {
                arguments.Add(keys[place]);
            }

            parts[i] = Encode(name, parser, ref arguments);
        }

        return SendAll(parts, cancellationToken);
    }

    private RedisOperation<T> Encode<T>(CommandName name, ReplyParser<T> parser, ref ArgumentList arguments)
    {
        try
        {
            var operation = RedisOperation<T>.Rent(parser);
            operation.Encode(name, arguments.Items, SlotUse);
            return operation;
        }
        finally
        {
            arguments.Dispose();
        }
    }

    private ValueTask<T> SendAsync<T>(CommandName name, ReplyParser<T> parser, ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken)
    {
        var arguments = new ArgumentList(keys.Length);
        arguments.Add(keys);
        return SendAsync(name, parser, ref arguments, cancellationToken);
    }

    /// <summary>Sends a command and frees its arguments.</summary>
    private protected ValueTask<T> SendAsync<T>(CommandName name, ReplyParser<T> parser, ref ArgumentList arguments, CancellationToken cancellationToken) =>
        SendAsync(Encode(name, parser, ref arguments), cancellationToken);

    /// <summary>A command whose result tells nothing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private protected static async ValueTask EndAsync<T>(ValueTask<T> task) => await task.ConfigureAwait(false);

    private static async ValueTask<long> SumAsync(Task<long>[] parts) => (await Task.WhenAll(parts).ConfigureAwait(false)).Sum();

    private static async ValueTask<byte[]?[]> JoinAsync(Task<byte[]?[]>[] parts, SlotGroups groups, int count)
    {
        var results = await Task.WhenAll(parts).ConfigureAwait(false);
        var joined = new byte[]?[count];
        for (var i = 0; i < results.Length; i++)
        {
            var places = groups.Group(i);
            if (results[i].Length != places.Length)
            {
                throw new RedisException($"The reply is of another form than the command's: {results[i].Length} values came for {places.Length} keys.");
            }

            for (var j = 0; j < places.Length; j++)
            {
                joined[places[j]] = results[i][j];
            }
        }

        return joined;
    }
}
