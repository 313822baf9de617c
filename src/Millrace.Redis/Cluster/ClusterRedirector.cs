using System.Buffers;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Cluster;

/// <summary>
/// Sends commands again that a node refused without running them: elsewhere after MOVED and ASK, later after TRYAGAIN, CLUSTERDOWN and the
/// like. The first few times a command follows MOVED at once; nodes that go on disagreeing are given time.
/// </summary>
/// <param name="cluster">The cluster.</param>
internal sealed class ClusterRedirector(ClusterTopology cluster) : IRedirector
{
    /// <summary>How often a command is sent elsewhere.</summary>
    public const int MaximumRedirections = 16;

    private const int AtOnce = 4;
    private const int ShortDelay = 50; // ms
    private const int LongDelay = 500; // ms

    public bool TryRedirect(RedisOperation operation, in ReadOnlySequence<byte> error, RespConnection connection)
    {
        var refusal = Refusal.Read(error);
        operation.IsAsking = false;
        switch (refusal.Kind)
        {
            case RefusalKind.Moved or RefusalKind.Ask:
                Follow(operation, refusal, connection);
                return true;
            case RefusalKind.TryAgain:
                cluster.SendLater(operation, ShortDelay, $"{connection.Server} answered \"{refusal.Text}\" last.");
                return true;
            case RefusalKind.Down or RefusalKind.ReadOnly:
                cluster.Refresh();
                cluster.SendLater(operation, 2 * ShortDelay, $"{connection.Server} answered \"{refusal.Text}\" last.");
                return true;
            default:
                return false;
        }
    }

    private void Follow(RedisOperation operation, in Refusal refusal, RespConnection connection)
    {
        if (!refusal.TryReadTarget(connection.Endpoint, out var target))
        {
            operation.Fail(new RedisException(
                $"{operation.Name.Text} was not run: {connection.Server} answered \"{refusal.Text}\", which names no slot or no address of a node. "
                + "Check what the cluster's nodes announce (cluster-announce-ip, cluster-announce-hostname)."));
            return;
        }

        if (++operation.Redirections > MaximumRedirections)
        {
            cluster.Refresh();
            operation.Fail(new RedisException(
                $"{operation.Name.Text} was not run: it was sent elsewhere {MaximumRedirections} times, and {connection.Server} answered \"{refusal.Text}\" last. "
                + "The cluster's nodes do not agree who serves the slot."));
            return;
        }

        if (refusal.Kind == RefusalKind.Moved)
        {
            cluster.Moved(refusal.Slot, target);
        }

        if (operation.Redirections > AtOnce)
        {
            var delay = Math.Min(LongDelay, ShortDelay << (operation.Redirections - AtOnce));
            cluster.SendLater(operation, delay, $"{connection.Server} answered \"{refusal.Text}\" last, after {operation.Redirections} others that sent it elsewhere.");
            return;
        }

        operation.IsAsking = refusal.Kind == RefusalKind.Ask;
        cluster.SendTo(target, operation);
    }
}
