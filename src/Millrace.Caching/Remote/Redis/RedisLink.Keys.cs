using System.Text.Json;
using Millrace.Caching.Statistics;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

// Who tells of changed keys.
//
// A server with key tracking does, whoever changed them. Where a server has none (Garnet), nodes do: each script that changes a key publishes a message
// on the numbered channel as its last step (Tell.lua), and the nodes handle it as the server's word. So a lost message is noticed like any other: by a
// gap in the numbers, or by a heartbeat that is not matched and renews no trust.
//
// What is different: the server's word comes on the connection that reads, in order with the answers; messages come on another one. Of a read whose
// question the server answered at g, and a change and its message, which are one step, at c:
//
//   c < g, the message is handled before the question is sent    nothing of it is left
//   c < g, handled later                                         the answer shows the change; the message drops the copy, or dooms the read. A miss.
//   g < c, the message is handled after the answer               as the server's word: it dooms the read if that is not over, else it drops the copy
//   g < c, handled before the answer                             the read is in the table since before g, hence before c: it is doomed, and keeps nothing
//
// So no copy outlives the message of a change that it does not show, in whatever order the two connections bring them. What the order did besides: when
// an answer was there that showed a change of another node, everything older here was gone. Now the answer itself sees to that (LocalStore.Overtake);
// else a read past the copy would see a new value, and the next one the copy again. With tracking it is needed too, for the node's own changes, of
// which no server tells it.
//
// It is no server's setting but what each connection was told when it opened. Once a server without tracking was met, this node tells, whatever other
// servers say: telling without need costs misses.
internal sealed partial class RedisLink
{
    private volatile bool _isTelling;
    private bool _saidEviction; // the loop's

    /// <summary>Whether nodes have to tell each other of changed keys.</summary>
    public bool IsTelling => _isTelling;

    /// <summary>Runs a script that changes an entry, and tells the others of it where the server does not.</summary>
    public async ValueTask<RedisReply> EvaluateAsync(
        EntryScript script, string key, RedisKey[] keys, RedisArgument[] arguments, CancellationToken cancellationToken = default)
    {
        if (IsCluster)
        {
            return await Client.EvaluateAsync(script.OnCluster, keys.AsSpan(0, script.KeysOnCluster), arguments, cancellationToken).ConfigureAwait(false);
        }

        if (!_isTelling)
        {
            var reply = await Client.EvaluateAsync(script.Plain, keys, arguments, cancellationToken).ConfigureAwait(false);
            ThrowIfUntold();
            return reply;
        }

        string[] names = [key];
        var message = script.EndsLease ? new InvalidationMessage { Node = Node, Freed = names } : new InvalidationMessage { Node = Node, Keys = names };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Default.InvalidationMessage);
        return await Client.EvaluateAsync(script.Telling, [.. keys, _names.State], [.. arguments, _names.Channel, bytes], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes entries and leases, and tells the others where the server does not.</summary>
    /// <returns>False: those whose server is away are parked.</returns>
    /// <exception cref="RedisException">It failed.</exception>
    public async ValueTask<bool> RemoveAsync(string[] keys, CancellationToken cancellationToken)
    {
        if (_groups is { } groups)
        {
            return await RemoveOnClusterAsync(groups, keys, cancellationToken).ConfigureAwait(false);
        }

        if (!_isTelling)
        {
            await UnlinkAsync(Client, keys, cancellationToken).ConfigureAwait(false);
            ThrowIfUntold();
            return true;
        }

        foreach (var chunk in keys.Chunk(512))
        {
            // One script per key, sent together: one of several keys would lock all of them, and its number of keys is part of its name.
            await Task.WhenAll(chunk.Select(key => EvaluateAsync(RedisScripts.Remove, key, [_names.Of(key)], [], cancellationToken).AsTask())).ConfigureAwait(false);
        }

        return true;
    }

    public override void OnTrustRestored(RedisTrackedConnection connection)
    {
        if (!connection.IsTracked && !_isTelling)
        {
            _isTelling = true; // before anything is sent on it
            Log.KeysAreTold(_logger, _cacheName, connection.Server);
            if (IsReady)
            {
                Lose($"{connection.Server} has no key tracking");
            }
        }

        Wake();
    }

    /// <summary>A server without tracking has taken the place of one with it while a command was on its way: it counts as lost.</summary>
    private void ThrowIfUntold()
    {
        if (_isTelling)
        {
            throw new RedisConnectionException("A change was sent that nobody was told of, because the server was replaced by one without key tracking.");
        }
    }

    /// <summary>Says, once, that the server may evict what invalidations are known by.</summary>
    private async Task WarnOfEvictionAsync(RedisClient client, CancellationToken stop)
    {
        if (_saidEviction)
        {
            return;
        }

        var memory = await client.InfoAsync("memory", stop).ConfigureAwait(false);
        if (memory.GetValueOrDefault("maxmemory_policy") is { } policy && policy.StartsWith("allkeys-", StringComparison.Ordinal) && memory.GetValueOrDefault("maxmemory") != "0")
        {
            _saidEviction = true;
            Log.ServerEvicts(_logger, _cacheName, policy, policy.Replace("allkeys-", "volatile-", StringComparison.Ordinal));
        }
    }

    private ValueTask ReleaseOrphansAsync(CancellationToken stop) => Orphans.ReleaseAsync(async (key, lease) =>
    {
        if (_groups is { AnyAway: true } groups && !groups.IsWritable(key))
        {
            return; // its server is away: it ends by itself
        }

        try
        {
            await EvaluateAsync(RedisScripts.Release, key, [_names.Of(key)], [lease], stop).ConfigureAwait(false);
        }
        catch (RedisException) when (TryPark(key, "a lease could not be given back"))
        {
            return;
        }

        _local.KeyChanged(key); // the server does not tell who made a change
    });

    private void ThrowIfUnsupported()
    {
        if (IsCluster && _isTelling)
        {
            throw new NotSupportedException(
                "A cluster without key tracking (CLIENT TRACKING) cannot be a cache's second level, because there a change and its message are on two servers. "
                + "Use one server, or a cluster of Redis or Valkey.");
        }
    }
}
