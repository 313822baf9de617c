using System.Security.Cryptography;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Cluster;

/// <summary>Asks nodes of a cluster who serves which slot, each on a connection of its own, so that an answer never waits behind commands.</summary>
internal sealed class SlotMapSource(ClientContext context)
{
    private const int MaximumCandidates = 16; // besides the configured ones

    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);
    private static readonly CommandName Shards = CommandName.Read("CLUSTER SHARDS");
    private static readonly CommandName Slots = CommandName.Read("CLUSTER SLOTS");

    /// <summary>Asks one after the other, the next one when the last has failed or not answered soon; the first answer is taken.</summary>
    /// <param name="connected">The nodes that are connected now: asked first.</param>
    /// <param name="known">Other nodes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RedisException">None answered; the message has the last reason.</exception>
    public async Task<SlotMap> ReadAsync(IEnumerable<RedisEndpoint> connected, IEnumerable<RedisEndpoint> known, CancellationToken cancellationToken)
    {
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var candidates = new Queue<RedisEndpoint>(
            Shuffled(connected).Concat(Shuffled(known)).Distinct().Take(MaximumCandidates).Concat(context.Options.Endpoints).Distinct());
        List<Task<SlotMap>> asking = [];
        Exception? failure = null;
        try
        {
            while (candidates.Count > 0 || asking.Count > 0)
            {
                if (candidates.TryDequeue(out var candidate))
                {
                    asking.Add(AskAsync(candidate, decided.Token));
                }

                var late = Task.Delay(candidates.Count > 0 ? Stagger : Timeout.InfiniteTimeSpan, context.Time, decided.Token);
                if (await Task.WhenAny([.. asking, late]).ConfigureAwait(false) is not Task<SlotMap> answered)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    continue;
                }

                asking.Remove(answered);
                try
                {
                    return await answered.ConfigureAwait(false);
                }
                catch (RedisException error)
                {
                    failure = error;
                }
            }
        }
        finally
        {
            await decided.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(asking.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        throw failure is RedisConnectionException or null
            ? new RedisConnectionException($"No node of the cluster told who serves which slot. The last reason: {failure?.Message}", failure)
            : failure;
    }

    private static RedisEndpoint[] Shuffled(IEnumerable<RedisEndpoint> endpoints)
    {
        RedisEndpoint[] shuffled = [.. endpoints];
        RandomNumberGenerator.Shuffle(shuffled.AsSpan());
        return shuffled;
    }

    private async Task<SlotMap> AskAsync(RedisEndpoint endpoint, CancellationToken cancellationToken)
    {
        var (connection, greeting) = await context.Opener
            .OpenAsync(new ConnectionSetup(endpoint, context.Options), ConnectionRole.Dedicated, SilentOwner.Instance, cancellationToken).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(context.Options.ConnectTimeout, context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (!greeting.IsCluster)
            {
                throw new RedisException(
                    $"{endpoint} is no node of a cluster. Set Topology to Single, or to Auto, or correct the endpoints.");
            }

            var map = await AskAsync(connection, new SlotMapReader(endpoint, context.Options.Tls is not null), both.Token).ConfigureAwait(false);
            return map.IsEmpty ? throw new RedisConnectionException($"{endpoint} belongs to a cluster of which it knows no slot that is served.") : map;
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RedisConnectionException($"{endpoint} did not describe its cluster within {context.Options.ConnectTimeout.TotalMilliseconds:0} ms (ConnectTimeout).", late);
        }
        finally
        {
            connection.Abort(new RedisConnectionException("The question was answered."));
        }
    }

    private static async Task<SlotMap> AskAsync(RespConnection connection, SlotMapReader map, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(connection, Shards, map, static (ref RespReader reader, RedisOperation operation) =>
                ((SlotMapReader)operation.Target!).ReadShards(ref reader), cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException)
        {
            // Before Redis 7, or not allowed.
            return await SendAsync(connection, Slots, map, static (ref RespReader reader, RedisOperation operation) =>
                ((SlotMapReader)operation.Target!).ReadSlots(ref reader), cancellationToken).ConfigureAwait(false);
        }
    }

    private static ValueTask<SlotMap> SendAsync(
        RespConnection connection, CommandName name, SlotMapReader map, ReplyParser<SlotMap> parser, CancellationToken cancellationToken)
    {
        var operation = RedisOperation<SlotMap>.Rent(parser);
        operation.Encode(name, []);
        operation.Target = map;
        operation.Deadline = long.MaxValue; // the token bounds it
        operation.WatchCancellation(cancellationToken);
        var task = operation.Task;
        if (!connection.TryAppend(operation))
        {
            operation.Fail(new RedisConnectionException($"The connection to {connection.Server} ended."));
        }

        return task;
    }
}
