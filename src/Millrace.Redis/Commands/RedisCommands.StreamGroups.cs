using Millrace.Redis.Commands;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

/// <summary>Consumer groups of streams.</summary>
public abstract partial class RedisCommands
{
    private static readonly CommandName XGroupCreate = CommandName.Write("XGROUP CREATE");
    private static readonly CommandName XGroupDestroy = CommandName.Write("XGROUP DESTROY");
    private static readonly CommandName XGroupSetId = CommandName.Write("XGROUP SETID");
    private static readonly CommandName XGroupCreateConsumer = CommandName.Write("XGROUP CREATECONSUMER");
    private static readonly CommandName XGroupDelConsumer = CommandName.Write("XGROUP DELCONSUMER");
    private static readonly CommandName XReadGroup = CommandName.Write("XREADGROUP");
    private static readonly CommandName XAck = CommandName.Write("XACK");
    private static readonly CommandName XClaim = CommandName.Write("XCLAIM");
    private static readonly CommandName XAutoClaim = CommandName.Write("XAUTOCLAIM");
    private static readonly CommandName XPending = CommandName.Read("XPENDING");
    private static readonly CommandName XInfoGroups = CommandName.Read("XINFO GROUPS");

    /// <summary>XGROUP CREATE: makes a consumer group.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="group">The group.</param>
    /// <param name="after">The id behind which it begins; <c>$</c>: the last entry's, <c>0</c>: from the beginning. Default: <c>$</c>.</param>
    /// <param name="create">Whether to make the stream where there is none (MKSTREAM). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="RedisServerException">The group is there already (code <c>BUSYGROUP</c>), or there is no stream.</exception>
    public ValueTask XGroupCreateAsync(
        RedisKey key, RedisArgument group, string after = "$", bool create = false, CancellationToken cancellationToken = default) =>
        EndAsync(create
            ? SendAsync(XGroupCreate, Replies.Boolean, cancellationToken, key, group, after, "MKSTREAM")
            : SendAsync(XGroupCreate, Replies.Boolean, cancellationToken, key, group, after));

    /// <summary>XGROUP DESTROY: removes a consumer group, also one with consumers and pending entries.</summary>
    /// <returns>Whether it was there.</returns>
    public ValueTask<bool> XGroupDestroyAsync(RedisKey key, RedisArgument group, CancellationToken cancellationToken = default) =>
        SendAsync(XGroupDestroy, Replies.Boolean, cancellationToken, key, group);

    /// <summary>XGROUP SETID: sets the id behind which a group goes on; <c>$</c>: the last entry's, <c>0</c>: from the beginning.</summary>
    /// <exception cref="RedisServerException">There is no such group or stream.</exception>
    public ValueTask XGroupSetIdAsync(RedisKey key, RedisArgument group, string after, CancellationToken cancellationToken = default) =>
        EndAsync(SendAsync(XGroupSetId, Replies.Boolean, cancellationToken, key, group, after));

    /// <summary>XGROUP CREATECONSUMER: makes a consumer. Reading makes it too.</summary>
    /// <returns>Whether it is new.</returns>
    /// <exception cref="RedisServerException">There is no such group or stream.</exception>
    public ValueTask<bool> XGroupCreateConsumerAsync(RedisKey key, RedisArgument group, RedisArgument consumer, CancellationToken cancellationToken = default) =>
        SendAsync(XGroupCreateConsumer, Replies.Boolean, cancellationToken, key, group, consumer);

    /// <summary>XGROUP DELCONSUMER: removes a consumer with its pending entries, which nobody else is given then.</summary>
    /// <returns>How many entries were pending.</returns>
    /// <exception cref="RedisServerException">There is no such group or stream.</exception>
    public ValueTask<long> XGroupDelConsumerAsync(RedisKey key, RedisArgument group, RedisArgument consumer, CancellationToken cancellationToken = default) =>
        SendAsync(XGroupDelConsumer, Replies.Integer, cancellationToken, key, group, consumer);

    /// <summary>XREADGROUP without BLOCK: gives entries of a stream to a consumer.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="group">The group.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="after"><c>&gt;</c>: entries that nobody was given; an id: the consumer's pending entries behind it again. Default: <c>&gt;</c>.</param>
    /// <param name="count">At most how many; null: all. Default: null.</param>
    /// <param name="acknowledged">Whether they count as acknowledged at once (NOACK). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty where there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    /// <exception cref="RedisServerException">There is no such group or stream (code <c>NOGROUP</c>).</exception>
    public ValueTask<RedisStreamEntry[]> XReadGroupAsync(
        RedisKey key,
        RedisArgument group,
        RedisArgument consumer,
        string after = ">",
        int? count = null,
        bool acknowledged = false,
        CancellationToken cancellationToken = default)
    {
        var arguments = new ArgumentList(9);
        AddReader(ref arguments, group, consumer, count, acknowledged);
        arguments.Add("STREAMS");
        arguments.Add(key);
        arguments.Add(after);
        return SendAsync(XReadGroup, StreamReplies.OneStream, ref arguments, cancellationToken);
    }

    /// <summary>XREADGROUP without BLOCK: gives entries of several streams to a consumer. In a cluster the keys have to share a slot.</summary>
    /// <param name="streams">The keys, each once, with <c>&gt;</c> or an id, as for one stream.</param>
    /// <param name="group">The group, of the same name in each.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="count">At most how many of each; null: all. Default: null.</param>
    /// <param name="acknowledged">Whether they count as acknowledged at once (NOACK). Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The entries of each stream, in the order of the streams. No streams: empty, without asking.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    /// <exception cref="RedisServerException">There is no such group or stream (code <c>NOGROUP</c>).</exception>
    public ValueTask<RedisStreamEntry[][]> XReadGroupAsync(
        ReadOnlySpan<(RedisKey Key, string After)> streams,
        RedisArgument group,
        RedisArgument consumer,
        int? count = null,
        bool acknowledged = false,
        CancellationToken cancellationToken = default)
    {
        if (streams.IsEmpty)
        {
            return new([]);
        }

        var arguments = new ArgumentList(7 + (2 * streams.Length));
        AddReader(ref arguments, group, consumer, count, acknowledged);
        return SendStreamsAsync(XReadGroup, streams, ref arguments, cancellationToken);
    }

    /// <summary>XACK: acknowledges entries, which are pending no longer then.</summary>
    /// <returns>How many were pending. No ids: 0, without asking.</returns>
    public ValueTask<long> XAckAsync(RedisKey key, RedisArgument group, ReadOnlySpan<string> ids, CancellationToken cancellationToken = default)
    {
        if (ids.IsEmpty)
        {
            return new(0);
        }

        var arguments = new ArgumentList(2 + ids.Length);
        arguments.Add(key);
        arguments.Add(group);
        AddIds(ref arguments, ids);
        return SendAsync(XAck, Replies.Integer, ref arguments, cancellationToken);
    }

    /// <summary>XCLAIM: gives pending entries over to a consumer.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="group">The group.</param>
    /// <param name="consumer">Who gets them.</param>
    /// <param name="idle">How long ago they must have been given last; at least zero.</param>
    /// <param name="ids">The entries. None: empty, without asking.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Those that the consumer has now.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="idle"/> is negative.</exception>
    /// <exception cref="RedisServerException">There is no such group or stream (code <c>NOGROUP</c>).</exception>
    public ValueTask<RedisStreamEntry[]> XClaimAsync(
        RedisKey key, RedisArgument group, RedisArgument consumer, TimeSpan idle, ReadOnlySpan<string> ids, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(idle, TimeSpan.Zero);
        if (ids.IsEmpty)
        {
            return new([]);
        }

        var arguments = new ArgumentList(4 + ids.Length);
        arguments.Add(key);
        arguments.Add(group);
        arguments.Add(consumer);
        arguments.Add(RedisExpiry.WholeMilliseconds(idle));
        AddIds(ref arguments, ids);
        return SendAsync(XClaim, StreamReplies.Entries, ref arguments, cancellationToken);
    }

    /// <summary>XAUTOCLAIM: goes through the pending entries and gives those that idle over to a consumer.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="group">The group.</param>
    /// <param name="consumer">Who gets them.</param>
    /// <param name="idle">How long ago they must have been given last; at least zero.</param>
    /// <param name="start">Where to start: <see cref="RedisStreamClaim.Next"/> of the step before. Default: <c>0-0</c>, from the beginning.</param>
    /// <param name="count">At most how many; null: 100. Default: null.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What the consumer has now, and where to go on.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="idle"/> is negative, or <paramref name="count"/> is less than 1.</exception>
    /// <exception cref="RedisServerException">There is no such group or stream (code <c>NOGROUP</c>).</exception>
    public ValueTask<RedisStreamClaim> XAutoClaimAsync(
        RedisKey key,
        RedisArgument group,
        RedisArgument consumer,
        TimeSpan idle,
        string start = "0-0",
        int? count = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(idle, TimeSpan.Zero);
        var arguments = new ArgumentList(7);
        arguments.Add(key);
        arguments.Add(group);
        arguments.Add(consumer);
        arguments.Add(RedisExpiry.WholeMilliseconds(idle));
        arguments.Add(start);
        AddCount(ref arguments, count);
        return SendAsync(XAutoClaim, StreamReplies.Claim, ref arguments, cancellationToken);
    }

    /// <summary>XPENDING: how many entries were given and not acknowledged.</summary>
    /// <exception cref="RedisServerException">There is no such group or stream (code <c>NOGROUP</c>).</exception>
    public ValueTask<RedisStreamPendingSummary> XPendingAsync(RedisKey key, RedisArgument group, CancellationToken cancellationToken = default) =>
        SendAsync(XPending, StreamReplies.PendingSummary, cancellationToken, key, group);

    /// <summary>XPENDING: entries that were given and not acknowledged, the least id first.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="group">The group.</param>
    /// <param name="count">At most how many; at least 1.</param>
    /// <param name="first">The least id; behind <c>(</c> it is excluded; <c>-</c>: no bound. Default: <c>-</c>.</param>
    /// <param name="last">The greatest id, likewise; <c>+</c>: no bound. Default: <c>+</c>.</param>
    /// <param name="consumer">Whose; null: everybody's. Default: null.</param>
    /// <param name="idle">How long ago they must have been given last. Default: zero.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty where there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1, or <paramref name="idle"/> is negative.</exception>
    /// <exception cref="RedisServerException">There is no such group or stream (code <c>NOGROUP</c>).</exception>
    public ValueTask<RedisStreamPending[]> XPendingAsync(
        RedisKey key,
        RedisArgument group,
        int count,
        string first = "-",
        string last = "+",
        string? consumer = null,
        TimeSpan idle = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(idle, TimeSpan.Zero);
        var arguments = new ArgumentList(8);
        arguments.Add(key);
        arguments.Add(group);
        if (idle > TimeSpan.Zero)
        {
            arguments.Add("IDLE");
            arguments.Add(RedisExpiry.WholeMilliseconds(idle));
        }

        arguments.Add(first);
        arguments.Add(last);
        arguments.Add(count);
        if (consumer is not null)
        {
            arguments.Add(consumer);
        }

        return SendAsync(XPending, StreamReplies.Pending, ref arguments, cancellationToken);
    }

    /// <summary>XINFO GROUPS: what the server tells about the consumer groups of a stream.</summary>
    /// <exception cref="RedisServerException">There is no such key.</exception>
    public ValueTask<RedisStreamGroup[]> XInfoGroupsAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(XInfoGroups, StreamReplies.Groups, cancellationToken, key);

    private static void AddReader(ref ArgumentList arguments, RedisArgument group, RedisArgument consumer, int? count, bool acknowledged)
    {
        arguments.Add("GROUP");
        arguments.Add(group);
        arguments.Add(consumer);
        AddCount(ref arguments, count);
        if (acknowledged)
        {
            arguments.Add("NOACK");
        }
    }
}
