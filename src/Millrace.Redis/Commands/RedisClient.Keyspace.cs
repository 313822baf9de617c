using Millrace.Redis.Commands;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;
using Millrace.Redis.Routing;

namespace Millrace.Redis;

/// <summary>Commands on everything: in a cluster every server that takes writes gets them, all at once.</summary>
public sealed partial class RedisClient
{
    private static readonly CommandName DbSize = CommandName.Read("DBSIZE");
    private static readonly CommandName FlushDb = CommandName.Write("FLUSHDB");
    private static readonly CommandName FlushAll = CommandName.Write("FLUSHALL");

    /// <summary>DBSIZE: how many keys there are, those included that have expired and were not removed yet. In a cluster the sum over its servers.</summary>
    public async ValueTask<long> DbSizeAsync(CancellationToken cancellationToken = default) =>
        (await SendToAllAsync(DbSize, Replies.Integer, cancellationToken).ConfigureAwait(false)).Sum();

    /// <summary>FLUSHDB: removes all keys of the database. In a cluster at all its servers; when one fails others may have removed theirs.</summary>
    public ValueTask FlushDbAsync(CancellationToken cancellationToken = default) =>
        new(SendToAllAsync(FlushDb, Replies.Boolean, cancellationToken));

    /// <summary>FLUSHALL: removes all keys of all databases. In a cluster at all its servers; when one fails others may have removed theirs.</summary>
    public ValueTask FlushAllAsync(CancellationToken cancellationToken = default) =>
        new(SendToAllAsync(FlushAll, Replies.Boolean, cancellationToken));

    private protected override bool SplitsKeys => _topology is StartingTopology || base.SplitsKeys;

    private protected override Task<T>[] SendAll<T>(RedisOperation<T>[] operations, CancellationToken cancellationToken)
    {
        var tasks = new Task<T>[operations.Length];
        var pending = new RedisOperation[operations.Length];
        var count = 0;
        for (var i = 0; i < tasks.Length; i++)
        {
            var operation = operations[i];
            var isPending = Begin(operation, cancellationToken);
            if (isPending)
            {
                pending[count++] = operation;
            }

            tasks[i] = operation.Task.AsTask();
        }

        _topology.Send(pending.AsSpan(0, count));
        return tasks;
    }

    private async Task<T[]> SendToAllAsync<T>(CommandName name, ReplyParser<T> parser, CancellationToken cancellationToken)
    {
        var nodes = await PrimariesAsync(cancellationToken).ConfigureAwait(false);
        var replies = new Task<T>[nodes.Count];
        for (var i = 0; i < replies.Length; i++)
        {
            var none = new ArgumentList(0);
            replies[i] = SendToAsync(nodes[i], name, parser, ref none, cancellationToken).AsTask();
        }

        return await Task.WhenAll(replies).ConfigureAwait(false);
    }

    /// <summary>The servers that hold all keys, as soon as the client has connected for the first time.</summary>
    private async ValueTask<IReadOnlyList<ServerNode>> PrimariesAsync(CancellationToken cancellationToken)
    {
        if (_topology is StartingTopology)
        {
            await StartAsync(CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false); // not ended with this caller's token
        }

        return _topology.Primaries;
    }

    /// <summary>Sends a command to a server of the caller's choice, and frees its arguments.</summary>
    private ValueTask<T> SendToAsync<T>(
        ServerNode node, CommandName name, ReplyParser<T> parser, ref ArgumentList arguments, CancellationToken cancellationToken)
    {
        try
        {
            var operation = RedisOperation<T>.Rent(parser);
            operation.Encode(name, arguments.Items);
            var task = operation.Task;
            if (Begin(operation, cancellationToken))
            {
                node.Send(operation);
            }

            return task;
        }
        finally
        {
            arguments.Dispose();
        }
    }
}
