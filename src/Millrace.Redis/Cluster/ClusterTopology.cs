using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;
using Millrace.Redis.Routing;

namespace Millrace.Redis.Cluster;

/// <summary>
/// A cluster. A command goes to the node that serves the slot of its keys, one without keys to any primary, always the same while it is
/// connected; in a batch, one without keys goes where the command before it went.
/// </summary>
/// <remarks>
/// <para>
/// Who serves a slot is asked when the client starts, every 30 seconds, and soon after anything that hints at a change: MOVED, a lost
/// connection, a connection on which nothing comes though answers are due, a slot that nobody serves. One at a time asks, at most every
/// 100 ms, and while something is missing again and again with a growing delay. MOVED changes its one slot at once, ahead of that.
/// </para>
/// <para>
/// A command that a node refused has not run: it is sent again, to where the node says (<see cref="ClusterRedirector"/>). A command whose
/// primary is gone waits, unsent, until another one serves its slot, no longer than its time-out. One that was sent when the connection was
/// lost may have run, and fails.
/// </para>
/// <para>
/// Commands on a key that are not awaited one by one keep their order, except those that a node refuses, as it does while their slot moves:
/// later ones may overtake them.
/// </para>
/// </remarks>
internal sealed class ClusterTopology : Topology, ILinkObserver, IClockWatcher
{
    private const string NoMap = "it is not known who serves its slot.";
    private const long StallMilliseconds = 1_000;

    private readonly ClientContext _context;
    private readonly RedisReadFrom _readFrom;
    private readonly ClusterNodes _nodes;
    private readonly ParkedOperations _parked;
    private readonly ClusterRedirector _redirector;
    private readonly SlotMapRefresh _refresh;
    private readonly int _preference = RandomNumberGenerator.GetInt32(SlotMap.MaximumNodes); // so that clients differ in where they send what may go anywhere
    private readonly Lock _lock = new(); // guards the writing of _map
    private volatile SlotMap _map = SlotMap.Empty;
    private readonly ConcurrentDictionary<RedisEndpoint, byte> _failing = new(); // nodes whose last attempt to connect failed
    private long _redirections;
    private long _lastWatch;

    public ClusterTopology(ClientContext context)
    {
        var observers = new LinkObservers();
        observers.Add(context.Observer);
        observers.Add(this);
        _context = context with { Observer = observers };
        _readFrom = context.Options.ReadFrom;
        _parked = new ParkedOperations(_context, Send);
        _nodes = new ClusterNodes(_context, TakeOver);
        _redirector = new ClusterRedirector(this);
        _refresh = new SlotMapRefresh(this, new SlotMapSource(_context), _context);
    }

    public override SlotUse SlotUse => SlotUse.Cluster;

    public override bool IsConnected => _map is { IsEmpty: false } map && map.Shards.All(shard => _nodes.Find(shard.Primary) is not { IsConnected: false });

    public override IReadOnlyList<ServerNode> Nodes => [.. _nodes.All];

    public override IReadOnlyList<ServerNode> Primaries
    {
        get
        {
            var map = _map;
            var serving = Enumerable.Range(0, HashSlot.Count).Select(slot => map[slot]).OfType<ClusterShard>().Distinct();
            return [.. serving.Select(NodeOf)];
        }
    }

    public override IReadOnlyList<RedisSlotRange> SlotRanges => _map.Ranges;

    /// <summary>Who serves which slot, as far as is known.</summary>
    public SlotMap Map => _map;

    /// <summary>How often a command was sent elsewhere.</summary>
    public long RedirectionCount => Volatile.Read(ref _redirections);

    /// <summary>How often the map was read.</summary>
    public int RefreshCount => _refresh.Count;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _context.Clock.Watch(_parked);
        _context.Clock.Watch(this);
        return _refresh.StartAsync().WaitAsync(cancellationToken);
    }

    public override void Send(RedisOperation operation)
    {
        operation.Redirector = _redirector;
        operation.IsAsking = false;
        if (Choose(operation) is { } node)
        {
            node.Send(operation);
        }
    }

    public override void Send(ReadOnlySpan<RedisOperation> operations)
    {
        var nodes = ArrayPool<ServerNode?>.Shared.Rent(operations.Length);
        var group = ArrayPool<RedisOperation>.Shared.Rent(operations.Length);
        for (var i = 0; i < operations.Length; i++)
        {
            operations[i].Redirector = _redirector;
            if (i > 0 && operations[i].Slot < 0)
            {
                operations[i].Follow(operations[i - 1]);
            }

            nodes[i] = Choose(operations[i]);
        }

        for (var first = 0; first < operations.Length; first++)
        {
            if (nodes[first] is not { } node)
            {
                continue; // sent already, or not to be sent
            }

            var count = 0;
            for (var i = first; i < operations.Length; i++)
            {
                if (nodes[i] == node)
                {
                    group[count++] = operations[i];
                    nodes[i] = null;
                }
            }

            node.Send(group.AsSpan(0, count));
        }

        ArrayPool<ServerNode?>.Shared.Return(nodes, clearArray: true);
        ArrayPool<RedisOperation>.Shared.Return(group, clearArray: true);
    }

    public override ServerNode NodeOf(int slot) =>
        NodeOf(ShardOf(slot) ?? throw new RedisConnectionException(slot < 0 ? "No node of the cluster is known now." : $"No node of the cluster is known to serve the slot {slot} now."));

    public override void Refresh() => _refresh.Request();

    /// <summary>Sends a command to a node that another one named.</summary>
    public void SendTo(RedisEndpoint endpoint, RedisOperation operation)
    {
        Interlocked.Increment(ref _redirections);
        _nodes.Get(endpoint).Send(operation);
    }

    /// <summary>Sends a command again after a delay, to whoever serves its slot then.</summary>
    public void SendLater(RedisOperation operation, int milliseconds, string why) => _parked.For(operation, milliseconds, why);

    /// <summary>A node said who serves a slot.</summary>
    public void Moved(int slot, RedisEndpoint primary)
    {
        lock (_lock)
        {
            _map = _map.With(slot, primary);
        }

        Refresh();
    }

    /// <summary>Works with a new map: nodes that left it end, commands that wait for another node than theirs go there.</summary>
    public void Use(SlotMap map)
    {
        lock (_lock)
        {
            _map = map;
        }

        HashSet<RedisEndpoint> staying = [.. map.Endpoints];
        _nodes.RetireOthers(staying);
        foreach (var (endpoint, _) in _failing)
        {
            if (!staying.Contains(endpoint))
            {
                _failing.TryRemove(endpoint, out _);
            }
        }

        foreach (var node in _nodes.All)
        {
            if (!node.IsConnected)
            {
                node.Reconsider(operation => Reconsider(node, operation));
            }
        }

        _parked.OnNewMap();
    }

    /// <summary>Whether nothing is missing: every slot is served, and every primary that was asked for is connected.</summary>
    public bool IsSettled => _map.IsComplete && IsConnected && _parked.Count == 0;

    /// <summary>Nodes to ask, those that are connected first.</summary>
    public (IEnumerable<RedisEndpoint> Connected, IEnumerable<RedisEndpoint> Known) Candidates() =>
        (_nodes.All.Where(static node => node.IsConnected).Select(static node => node.Endpoint), _map.Endpoints);

    public void OnConnected(ServerLink link, ServerGreeting greeting)
    {
        if (!_failing.IsEmpty)
        {
            _failing.TryRemove(link.Endpoint, out _);
        }
    }

    public void OnConnectFailed(ServerLink link, Exception error)
    {
        _failing[link.Endpoint] = 0;
        Refresh();
    }

    public void OnDisconnected(ServerLink link, Exception reason) => Refresh();

    public void OnPush(ServerLink link, ref RespReader push)
    {
        // Others look at them.
    }

    public void OnTick(long now)
    {
        if (now - _lastWatch < StallMilliseconds)
        {
            return;
        }

        _lastWatch = now;
        foreach (var node in _nodes.All)
        {
            foreach (var link in node.Links)
            {
                if (link.Current is { InFlight: > 0 } connection && now - connection.LastReceived > StallMilliseconds)
                {
                    Refresh(); // it may be gone without a word, and another one serve in its place
                    return;
                }
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _context.Clock.Unwatch(this);
        _context.Clock.Unwatch(_parked);
        await _refresh.DisposeAsync().ConfigureAwait(false);
        await _nodes.DisposeAsync().ConfigureAwait(false);
        _parked.Stop(new RedisConnectionException("The client was disposed while commands waited for nodes of the cluster."));
    }

    private void TakeOver(RedisOperation operation)
    {
        if (operation.Redirector is null)
        {
            operation.Fail(new RedisConnectionException(
                $"{operation.Name.Text} was not sent: it was for one node, which has left the cluster.", server: null!, operation.Name.Text, RedisDelivery.NotSent, innerException: null));
        }
        else
        {
            _parked.For(operation, 0, "its node left the cluster.");
        }
    }

    private void Reconsider(ServerNode node, RedisOperation operation)
    {
        if (operation.Redirector is null)
        {
            node.Send(operation);
        }
        else
        {
            Send(operation);
        }
    }

    /// <summary>The node for a command; null: none, and the command waits or has failed.</summary>
    private ServerNode? Choose(RedisOperation operation)
    {
        if (ShardOf(operation.Slot) is not { } shard)
        {
            Refresh();
            _parked.UntilNextMap(operation, NoMap);
            return null;
        }

        if (_readFrom == RedisReadFrom.Primary || !operation.Name.IsReadOnly)
        {
            return NodeOf(shard);
        }

        if (ReplicaOf(shard, operation.Slot) is { } replica)
        {
            return replica;
        }

        if (_readFrom == RedisReadFrom.PreferReplica)
        {
            return NodeOf(shard);
        }

        Refresh();
        operation.Fail(new RedisConnectionException(
            $"{operation.Name.Text} was not sent: {shard.Primary} has no replica to read from (ReadFrom).",
            shard.Primary.ToString(), operation.Name.Text, RedisDelivery.NotSent, innerException: null));
        return null;
    }

    private ClusterShard? ShardOf(int slot)
    {
        var map = _map;
        if (slot >= 0)
        {
            return map[slot];
        }

        ClusterShard? untried = null;
        for (var i = 0; i < map.Shards.Count; i++)
        {
            var shard = map.Shards[(_preference + i) % map.Shards.Count];
            if (_nodes.Find(shard.Primary) is { IsConnected: true })
            {
                return shard;
            }

            untried = untried is null && !_failing.ContainsKey(shard.Primary) ? shard : untried;
        }

        return untried ?? (map.Shards.Count > 0 ? map.Shards[0] : null);
    }

    private ServerNode NodeOf(ClusterShard shard) => shard.Node ??= _nodes.Get(shard.Primary);

    /// <summary>A replica that is connected, for one slot always the same while it is; else, unless the primary may do instead, one that is not.</summary>
    private ServerNode? ReplicaOf(ClusterShard shard, int slot)
    {
        var replicas = shard.Replicas;
        ServerNode? first = null;
        for (var i = 0; i < replicas.Count; i++)
        {
            var node = _nodes.Get(replicas[(_preference + Math.Max(slot, 0) + i) % replicas.Count]);
            if (node.IsConnected)
            {
                return node;
            }

            first ??= node;
        }

        return _readFrom == RedisReadFrom.Replica ? first : null;
    }
}
