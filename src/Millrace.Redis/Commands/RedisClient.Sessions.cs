using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;
using Millrace.Redis.Routing;

namespace Millrace.Redis;

public sealed partial class RedisClient
{
    /// <summary>Where the commands go.</summary>
    internal Topology Topology => _topology;

    internal ClientContext Context => _context;

    /// <summary>Makes an empty batch: its commands are collected and sent in one write.</summary>
    public RedisBatch CreateBatch() => new(this);

    /// <summary>Makes an empty transaction: its commands are collected and run as one step. For one that depends on values that were read
    /// before, see <see cref="RedisDedicatedConnection.CreateTransaction"/>.</summary>
    public RedisTransaction CreateTransaction() => new(this, lease: null);

    /// <summary>
    /// Lends a connection that nobody else uses meanwhile, for <c>WATCH</c>, for commands that wait, for <c>SELECT</c>. Dispose what it gives to
    /// give it back. In a cluster it is one to any node; give a key to choose.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RedisTimeoutException">All of <see cref="RedisOptions.MaximumDedicatedConnections"/> are in use, and none was given back in time.</exception>
    /// <exception cref="RedisException">None could be opened.</exception>
    public ValueTask<RedisDedicatedConnection> LeaseAsync(CancellationToken cancellationToken = default) => LeaseAsync(slot: -1, cancellationToken);

    /// <summary>Lends a connection to the server that holds a key, which nobody else uses meanwhile.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RedisTimeoutException">All of <see cref="RedisOptions.MaximumDedicatedConnections"/> are in use, and none was given back in time.</exception>
    /// <exception cref="RedisException">None could be opened.</exception>
    public ValueTask<RedisDedicatedConnection> LeaseAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        LeaseAsync(SlotUse == SlotUse.None ? -1 : HashSlot.Of(key), cancellationToken);

    /// <summary>When a command that begins now times out.</summary>
    internal long Deadline() => _clock.After(_options.CommandTimeout);

    /// <summary>Connects if that has not been done yet, as it is with a client from the services before its first command.</summary>
    internal async ValueTask ConnectedAsync(CancellationToken cancellationToken)
    {
        if (_topology is StartingTopology)
        {
            await StartAsync(CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<RedisDedicatedConnection> LeaseAsync(int slot, CancellationToken cancellationToken)
    {
        await ConnectedAsync(cancellationToken).ConfigureAwait(false);
        var pool = _topology.NodeOf(slot).Dedicated;
        return new RedisDedicatedConnection(this, pool, await pool.RentAsync("LeaseAsync", cancellationToken).ConfigureAwait(false));
    }
}
