using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Routing;

/// <summary>The servers of a client, and which of them takes a command.</summary>
internal abstract class Topology : IAsyncDisposable
{
    /// <summary>Whether commands find their server now.</summary>
    public abstract bool IsConnected { get; }

    /// <summary>What the slots of keys are needed for.</summary>
    public abstract SlotUse SlotUse { get; }

    /// <summary>The servers that are known now.</summary>
    public abstract IReadOnlyList<ServerNode> Nodes { get; }

    /// <summary>The servers that together hold all keys: what has to look at all of them is sent to each.</summary>
    /// <exception cref="RedisConnectionException">None is known now.</exception>
    public virtual IReadOnlyList<ServerNode> Primaries => [NodeOf(-1)];

    /// <summary>Who has which slots; empty where there is no cluster.</summary>
    public virtual IReadOnlyList<RedisSlotRange> SlotRanges => [];

    /// <summary>Begins to connect.</summary>
    /// <returns>Ends when commands find their server.</returns>
    /// <exception cref="RedisException">The first attempt failed; the topology goes on trying until it is disposed.</exception>
    public abstract Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Takes a command; its operation is told the outcome. Never blocks, never throws.</summary>
    public abstract void Send(RedisOperation operation);

    /// <summary>Takes several commands, which leave together where they go to one connection.</summary>
    public abstract void Send(ReadOnlySpan<RedisOperation> operations);

    /// <summary>The server that a key's writes go to; for -1 any that takes writes.</summary>
    /// <exception cref="RedisConnectionException">None is known now.</exception>
    public abstract ServerNode NodeOf(int slot);

    /// <summary>Something shows that what is known of the servers may be out of date: they are asked anew, soon. Never blocks, never throws.</summary>
    public virtual void Refresh()
    {
        // One server does not move.
    }

    public abstract ValueTask DisposeAsync();
}
