using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private static readonly CommandName XAdd = CommandName.Write("XADD");
    private static readonly CommandName XLen = CommandName.Read("XLEN");
    private static readonly CommandName XRange = CommandName.Read("XRANGE");
    private static readonly CommandName XRevRange = CommandName.Read("XREVRANGE");
    private static readonly CommandName XRead = CommandName.Read("XREAD");
    private static readonly CommandName XTrim = CommandName.Write("XTRIM");
    private static readonly CommandName XDel = CommandName.Write("XDEL");
    private static readonly CommandName XInfoStream = CommandName.Read("XINFO STREAM");

    /// <summary>XADD: adds an entry to a stream, and perhaps removes old ones.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fields">The entry's fields, at least one.</param>
    /// <param name="id">The entry's id, greater than the last one's; <c>*</c>: the server makes it of its clock. Default: <c>*</c>.</param>
    /// <param name="trim">Which entries are removed. Default: none.</param>
    /// <param name="create">Whether to make the stream where there is none; otherwise nothing is added then (NOMKSTREAM). Default: true.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The entry's id; null when there is no stream and <paramref name="create"/> is false.</returns>
    /// <exception cref="ArgumentException">There are no fields.</exception>
    public ValueTask<string?> XAddAsync(
        RedisKey key,
        ReadOnlySpan<(RedisArgument Field, RedisArgument Value)> fields,
        string id = "*",
        RedisStreamTrim trim = default,
        bool create = true,
        CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(6 + (2 * fields.Length));
        arguments.Add(key);
        if (!create)
        {
            arguments.Add("NOMKSTREAM");
        }

        trim.AddTo(ref arguments);
        arguments.Add(id);
        arguments.Add(NotEmpty(fields, nameof(fields)));
        return SendAsync(XAdd, Replies.Text, ref arguments, cancellationToken);
    }

    /// <summary>XLEN: how many entries a stream has.</summary>
    /// <returns>0 when there is none.</returns>
    public ValueTask<long> XLenAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(XLen, Replies.Integer, cancellationToken, key);

    /// <summary>XRANGE: the entries with an id in a range, the least first.</summary>
    /// <param name="key">The key.</param>
    /// <param name="first">The least id; behind <c>(</c> it is excluded; <c>-</c>: no bound. Default: <c>-</c>.</param>
    /// <param name="last">The greatest id, likewise; <c>+</c>: no bound. Default: <c>+</c>.</param>
    /// <param name="count">At most how many; null: all. Default: null.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty where there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public ValueTask<RedisStreamEntry[]> XRangeAsync(
        RedisKey key, string first = "-", string last = "+", int? count = null, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(5);
        arguments.Add(key);
        arguments.Add(first);
        arguments.Add(last);
        AddCount(ref arguments, count);
        return SendAsync(XRange, StreamReplies.Entries, ref arguments, cancellationToken);
    }

    /// <summary>XREVRANGE: the entries with an id in a range, the greatest first.</summary>
    /// <param name="key">The key.</param>
    /// <param name="first">The least id; behind <c>(</c> it is excluded; <c>-</c>: no bound. Default: <c>-</c>.</param>
    /// <param name="last">The greatest id, likewise; <c>+</c>: no bound. Default: <c>+</c>.</param>
    /// <param name="count">At most how many; null: all. Default: null.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty where there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public ValueTask<RedisStreamEntry[]> XRevRangeAsync(
        RedisKey key, string first = "-", string last = "+", int? count = null, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(5);
        arguments.Add(key);
        arguments.Add(last);
        arguments.Add(first);
        AddCount(ref arguments, count);
        return SendAsync(XRevRange, StreamReplies.Entries, ref arguments, cancellationToken);
    }

    /// <summary>XREAD without BLOCK: the entries of a stream behind an id, the least first.</summary>
    /// <param name="key">The key.</param>
    /// <param name="after">The id before the first entry; <c>0</c>: from the beginning.</param>
    /// <param name="count">At most how many; null: all. Default: null.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty where there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public ValueTask<RedisStreamEntry[]> XReadAsync(RedisKey key, string after, int? count = null, CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(5);
        AddCount(ref arguments, count);
        arguments.Add("STREAMS");
        arguments.Add(key);
        arguments.Add(after);
        return SendAsync(XRead, StreamReplies.OneStream, ref arguments, cancellationToken);
    }

    /// <summary>XREAD without BLOCK: the entries of several streams, each behind an id, the least first. In a cluster the keys have to share a slot.</summary>
    /// <param name="streams">The keys, each once, with the id before the first entry; <c>0</c>: from the beginning.</param>
    /// <param name="count">At most how many of each; null: all. Default: null.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The entries of each stream, in the order of the streams. No streams: empty, without asking.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public ValueTask<RedisStreamEntry[][]> XReadAsync(
        ReadOnlySpan<(RedisKey Key, string After)> streams, int? count = null, CancellationToken cancellationToken = default)
    {
        if (streams.IsEmpty)
        {
            return new([]);
        }

        var arguments = new ArgumentList(3 + (2 * streams.Length));
        AddCount(ref arguments, count);
        return SendStreamsAsync(XRead, streams, ref arguments, cancellationToken);
    }

    /// <summary>XTRIM: removes old entries.</summary>
    /// <returns>How many were removed.</returns>
    /// <exception cref="ArgumentException"><paramref name="trim"/> is <see cref="RedisStreamTrim.None"/>.</exception>
    public ValueTask<long> XTrimAsync(RedisKey key, RedisStreamTrim trim, CancellationToken cancellationToken = default)
    {
        if (trim == default)
        {
            throw new ArgumentException("What is to be removed has to be said: RedisStreamTrim.ToLength or BeforeId.", nameof(trim));
        }

        var arguments = new ArgumentList(4);
        arguments.Add(key);
        trim.AddTo(ref arguments);
        return SendAsync(XTrim, Replies.Integer, ref arguments, cancellationToken);
    }

    /// <summary>XDEL: removes entries.</summary>
    /// <returns>How many were there. No ids: 0, without asking.</returns>
    public ValueTask<long> XDelAsync(RedisKey key, ReadOnlySpan<string> ids, CancellationToken cancellationToken = default)
    {
        if (ids.IsEmpty)
        {
            return new(0);
        }

        var arguments = new ArgumentList(1 + ids.Length);
        arguments.Add(key);
        AddIds(ref arguments, ids);
        return SendAsync(XDel, Replies.Integer, ref arguments, cancellationToken);
    }

    /// <summary>XINFO STREAM: what the server tells about a stream.</summary>
    /// <exception cref="RedisServerException">There is no such key.</exception>
    public ValueTask<RedisStreamInfo> XInfoStreamAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(XInfoStream, StreamReplies.Info, cancellationToken, key);

    private static void AddCount(ref ArgumentList arguments, int? count)
    {
        if (count is { } limit)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1, nameof(count));
            arguments.Add("COUNT");
            arguments.Add(limit);
        }
    }

    private static void AddIds(ref ArgumentList arguments, ReadOnlySpan<string> ids)
    {
        foreach (var id in ids)
        {
            arguments.Add(id);
        }
    }

    /// <summary>Adds keys and ids to a command whose options have been added, and sends it.</summary>
    private ValueTask<RedisStreamEntry[][]> SendStreamsAsync(
        CommandName name, ReadOnlySpan<(RedisKey Key, string After)> streams, ref ArgumentList arguments, CancellationToken cancellationToken)
    {
        var keys = new byte[streams.Length][];
        arguments.Add("STREAMS");
        for (var i = 0; i < keys.Length; i++)
        {
            arguments.Add(streams[i].Key);
            keys[i] = streams[i].Key.ToArray();
        }

        foreach (ref readonly var stream in streams)
        {
            arguments.Add(stream.After);
        }

        try
        {
            var operation = RedisOperation<RedisStreamEntry[][]>.Rent(StreamReplies.ManyStreams);
            operation.Encode(name, arguments.Items, SlotUse);
            operation.Target = keys;
            return SendAsync(operation, cancellationToken);
        }
        finally
        {
            arguments.Dispose();
        }
    }
}
