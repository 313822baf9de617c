using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Routing;

/// <summary>
/// Runs a command that waits in the server until there is something, on a connection of its own, so that nobody else waits behind it.
/// </summary>
/// <remarks>
/// <para>
/// Cancelling must not lose what the server has taken out of a list in that moment. So the wait is not given up: the server is told to end it
/// (<c>CLIENT UNBLOCK</c>, over a shared connection) until the reply is there. The reply decides: what came is returned in spite of the cancellation,
/// nothing means cancelled. The unblocking is repeated because the two connections are not ordered: it may overtake the command that it is to
/// end. It is always answered before the connection is lent again, so that it cannot hit the next caller's command.
/// </para>
/// <para>
/// Where the server cannot be told (it does not number its clients, does not know the command, or does not let this user send it), the connection is
/// closed instead. What the server took in that moment is lost then, unless the command keeps it elsewhere, as <c>BLMOVE</c> does.
/// </para>
/// </remarks>
internal static class BlockingCall
{
    private const int Attempts = 6;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MovePause = TimeSpan.FromMilliseconds(20);
    private static readonly CommandName Unblock = CommandName.Write("CLIENT UNBLOCK");

    /// <summary>
    /// 1. Borrows a connection to the server that holds the keys. 2. Sends the command and waits for the reply, longer than the server does.
    /// 3. On cancellation, has the server end it. 4. Gives the connection back. Where the keys have moved, once more from the start.
    /// </summary>
    /// <param name="topology">The servers.</param>
    /// <param name="context">The client's.</param>
    /// <param name="measure">Begins to measure what is sent.</param>
    /// <param name="command">The command as it is encoded; it is not sent itself.</param>
    /// <param name="parser">Makes the result: null when the server's time-out has passed.</param>
    /// <param name="timeout">How long the server waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<T> RunAsync<T>(
        Topology topology,
        ClientContext context,
        Action<RedisOperation> measure,
        RedisOperation command,
        ReplyParser<T> parser,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var deadline = timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : context.Clock.After(timeout + context.Options.CommandTimeout);
        ServerNode? asked = null;
        for (var attempt = 1; ; attempt++)
        {
            // 1.
            var node = asked ?? topology.NodeOf(command.Slot);
            var connection = await node.Dedicated.RentAsync(command.Name.Text, cancellationToken).ConfigureAwait(false);
            try
            {
                var operation = RedisOperation<T>.Rent(parser);
                operation.Copy(command);
                operation.Deadline = deadline;
                operation.IsAsking = asked is not null;
                measure(operation);
                return await RunAsync(node, connection, context, operation, cancellationToken).ConfigureAwait(false);
            }
            catch (RedisServerException moved) when (attempt < Attempts && moved.Code is "MOVED" or "ASK" or "TRYAGAIN" or "READONLY")
            {
                // It has not run.
                topology.Refresh();
                asked = moved.Code == "ASK" ? Find(topology, moved.Message) : null;
            }
            catch (RedisConnectionException ended) when (attempt < Attempts && ended.Delivery == RedisDelivery.NotSent && !cancellationToken.IsCancellationRequested)
            {
                // The connection ended while nobody used it; the next one is opened.
            }
            finally
            {
                node.Dedicated.Return(connection); // 4.
            }

            if (asked is null)
            {
                await Task.Delay(MovePause * attempt, context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task<T> RunAsync<T>(
        ServerNode node, DedicatedConnection connection, ClientContext context, RedisOperation<T> operation, CancellationToken cancellationToken)
    {
        // 2.
        var reply = operation.Task.AsTask();
        if (!connection.TrySend(operation))
        {
            operation.Fail(connection.Refusal(operation));
        }

        if (cancellationToken.CanBeCanceled)
        {
            await ((Task)reply.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await UnblockAsync(node, connection, context, reply).ConfigureAwait(false); // 3.
        }

        try
        {
            var result = await reply.ConfigureAwait(false);
            if (result is null)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            return result;
        }
        catch (RedisConnectionException closed) when (connection.IsTainted)
        {
            throw new OperationCanceledException(closed.Message, closed, cancellationToken);
        }
    }

    /// <summary>Returns when the reply is there.</summary>
    private static async Task UnblockAsync(ServerNode node, DedicatedConnection connection, ClientContext context, Task reply)
    {
        for (var pause = FirstPause; !reply.IsCompleted; pause = pause < LongestPause ? 2 * pause : pause)
        {
            if (connection.ClientId == 0 || !await TryUnblockAsync(node, connection, context).ConfigureAwait(false))
            {
                connection.IsTainted = true;
                connection.Abort("its command was cancelled, and the server could not be told");
                await reply.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            }

            await reply.WaitAsync(pause, context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<bool> TryUnblockAsync(ServerNode node, DedicatedConnection connection, ClientContext context)
    {
        var operation = RedisOperation<long>.Rent(static (ref RespReader reader, RedisOperation _) => reader.ReadInt64());
        operation.Encode(Unblock, [connection.ClientId]);
        operation.Deadline = context.Clock.After(context.Options.CommandTimeout);
        var task = operation.Task;
        node.Send(operation);
        try
        {
            await task.ConfigureAwait(false); // 0: not blocked yet, or not any more
            return true;
        }
        catch (RedisException)
        {
            return false;
        }
    }

    /// <summary>The node that an error names: <c>ASK slot host:port</c>.</summary>
    private static ServerNode? Find(Topology topology, string error)
    {
        var place = error[(error.LastIndexOf(' ') + 1)..];
        return topology.Nodes.FirstOrDefault(node => node.Endpoint.ToString() == place);
    }
}
