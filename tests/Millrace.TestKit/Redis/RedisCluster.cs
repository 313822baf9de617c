using System.Globalization;
using System.Text;

namespace Millrace.TestKit.Redis;

/// <summary>
/// A Redis Cluster of three primaries with a replica each, whose nodes think another one failed after 1.5 s.
/// One caller at a time changes it.
/// </summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int Primaries = 3;
    private const int KeysPerMigration = 100;
    private static readonly string[] Arguments =
    [
        "--cluster-enabled", "yes",
        "--cluster-node-timeout", "1500",
        "--cluster-replica-validity-factor", "0", // a replica takes over however long its primary was away
    ];

    private readonly List<ClusterNode> _nodes = [];
    private readonly List<RedisServer> _servers = [];

    private RedisCluster()
    {
    }

    /// <summary>
    /// All nodes. The first three began as primaries of a third of the slots each, the other three as their replicas, in the same order.
    /// </summary>
    public IReadOnlyList<ClusterNode> Nodes => _nodes;

    /// <summary>Starts all six, joins them and waits until every slot is served and copied.</summary>
    /// <param name="arguments">Further arguments of the servers' program.</param>
    public static async Task<RedisCluster> StartAsync(params string[] arguments)
    {
        var cluster = new RedisCluster();
        try
        {
            for (var i = 0; i < 2 * Primaries; i++)
            {
                var server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = [.. Arguments, .. arguments] });
                cluster._servers.Add(server);
                cluster._nodes.Add(new ClusterNode((await server.CommandAsync("CLUSTER", "MYID")).Text!, server));
            }

            await cluster.JoinAsync();
            await cluster.WaitUntilHealthyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The slot of a key, as the cluster computes it.</summary>
    public async Task<int> SlotOfAsync(string key) => (int)(await Running().First().CommandAsync("CLUSTER", "KEYSLOT", key)).Number;

    /// <summary>The node that serves a slot now, as the running nodes agree.</summary>
    public async Task<ClusterNode> PrimaryOfAsync(int slot)
    {
        ClusterNode? owner = null;
        await Poll.UntilAsync(
            async () =>
            {
                var named = (await ViewsAsync()).Values.Select(view => view.Owners[slot]).ToHashSet(StringComparer.Ordinal);
                owner = _nodes.Find(node => named.SetEquals([node.Id]));
                return owner is not null ? null : $"the nodes name {string.Join(", ", named)}";
            },
            $"the nodes agree who serves slot {slot}");
        return owner!;
    }

    /// <summary>The running nodes that are primaries now, in the order of <see cref="Nodes" />.</summary>
    public async Task<IReadOnlyList<ClusterNode>> PrimariesAsync()
    {
        var own = await ViewsAsync();
        return [.. Running().Where(node => own[node].Nodes.GetValueOrDefault(node.Id) == "-")];
    }

    /// <summary>The running nodes that are replicas of <paramref name="primary" /> now.</summary>
    public async Task<IReadOnlyList<ClusterNode>> ReplicasOfAsync(ClusterNode primary)
    {
        var own = await ViewsAsync();
        return [.. Running().Where(node => own[node].Nodes.GetValueOrDefault(node.Id) == primary.Id)];
    }

    /// <summary>
    /// Moves a slot with its keys while clients go on, as redis-cli --cluster reshard does: (1) the target takes what it is asked for,
    /// (2) the source sends clients there for keys it does not have, (3) the keys move, (4) target, source and the other primaries are told,
    /// (5) all have heard of the target's epoch: a next move that came before would leave nodes that name each other for the slot for ever.
    /// </summary>
    public async Task MoveSlotAsync(int slot, ClusterNode to)
    {
        var from = await PrimaryOfAsync(slot);
        if (from == to)
        {
            return;
        }

        var number = slot.ToString(CultureInfo.InvariantCulture);
        await to.CommandAsync("CLUSTER", "SETSLOT", number, "IMPORTING", from.Id); // (1)
        await from.CommandAsync("CLUSTER", "SETSLOT", number, "MIGRATING", to.Id); // (2)
        await using (var source = await from.Server.ConnectAsync(TimeSpan.FromSeconds(30))) // (3)
        {
            byte[][] migrate = [.. new[] { "MIGRATE", "127.0.0.1", $"{to.Port}", "", "0", "20000", "KEYS" }.Select(Encoding.ASCII.GetBytes)];
            while ((await source.SendAsync("CLUSTER", "GETKEYSINSLOT", number, $"{KeysPerMigration}")).Items is { Count: > 0 } keys)
            {
                await source.SendAsync([.. migrate, .. keys.Select(static key => key.Bytes!)]);
            }
        }

        ClusterNode[] told = [to, from, .. (await PrimariesAsync()).Where(node => node != to && node != from)];
        foreach (var node in told) // (4)
        {
            await node.CommandAsync("CLUSTER", "SETSLOT", number, "NODE", to.Id);
        }

        await Poll.UntilAsync( // (5)
            async () => (await ViewsAsync()).Values.Select(view => (view.Owners[slot], view.Epochs.GetValueOrDefault(to.Id))).Distinct().Count() is var views && views == 1
                ? null
                : $"there are {views} views",
            $"the nodes agree that slot {slot} has moved");
    }

    /// <summary>Kills a node (kill -9) and returns at once: the others notice after 1.5 s, and a primary's replica takes over
    /// (wait for it with <see cref="WaitUntilHealthyAsync" />, ask with <see cref="PrimaryOfAsync" />).</summary>
    public Task KillAsync(ClusterNode node) => node.Server.KillAsync();

    /// <summary>Starts a node again, with its place in the cluster and without data, and waits until it has found the others.</summary>
    public async Task RestartAsync(ClusterNode node)
    {
        await node.Server.RestartAsync();
        await WaitUntilHealthyAsync();
    }

    /// <summary>
    /// Waits until the running nodes say "ok", know each other, agree who serves which slot (all are served by running nodes),
    /// and every replica has its copy.
    /// </summary>
    public Task WaitUntilHealthyAsync() => Poll.UntilAsync(WhyNotHealthyAsync, "the cluster is well");

    /// <summary>Kills all and removes their folders.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_servers.Select(static server => server.DisposeAsync().AsTask()));

    private IEnumerable<ClusterNode> Running() => _nodes.Where(static node => node.Server is { IsRunning: true, IsPaused: false });

    private async Task JoinAsync()
    {
        // Every node its own epoch before they meet: nothing to settle afterwards.
        for (var i = 0; i < _nodes.Count; i++)
        {
            await _nodes[i].CommandAsync("CLUSTER", "SET-CONFIG-EPOCH", $"{i + 1}");
        }

        for (var i = 0; i < Primaries; i++)
        {
            var first = ClusterView.SlotCount * i / Primaries;
            var last = (ClusterView.SlotCount * (i + 1) / Primaries) - 1;
            await _nodes[i].CommandAsync("CLUSTER", "ADDSLOTSRANGE", $"{first}", $"{last}");
        }

        foreach (var other in _nodes.Skip(1))
        {
            await _nodes[0].CommandAsync("CLUSTER", "MEET", "127.0.0.1", $"{other.Port}");
        }

        await Poll.UntilAsync(
            async () => (await ViewsAsync()).Values.Min(static view => view.Nodes.Count) is var least && least == _nodes.Count
                ? null
                : $"one of them knows {least}",
            "the nodes know each other");
        for (var i = Primaries; i < _nodes.Count; i++)
        {
            await _nodes[i].CommandAsync("CLUSTER", "REPLICATE", _nodes[i - Primaries].Id);
        }
    }

    private async Task<Dictionary<ClusterNode, ClusterView>> ViewsAsync()
    {
        var views = new Dictionary<ClusterNode, ClusterView>();
        foreach (var node in Running())
        {
            views[node] = ClusterView.Parse((await node.CommandAsync("CLUSTER", "NODES")).Text!);
        }

        return views;
    }

    private async Task<string?> WhyNotHealthyAsync()
    {
        var running = Running().ToList();
        var views = await ViewsAsync();
        var owners = views[running[0]].Owners;
        foreach (var node in running)
        {
            var view = views[node];
            if (running.Find(other => !view.Nodes.ContainsKey(other.Id)) is { } unknown)
            {
                return $"{node.Address} does not know {unknown.Address}, or thinks it failed";
            }

            if (!view.Owners.SequenceEqual(owners, StringComparer.Ordinal) || !owners.All(owner => running.Exists(other => other.Id == owner)))
            {
                return $"{node.Address} has another idea of the slots, or a slot is not served by a running node";
            }

            if (running.Find(other => view.Nodes[other.Id] != views[other].Nodes[other.Id]) is { } changed)
            {
                return $"{node.Address} and {changed.Address} do not agree what {changed.Address} is";
            }

            var state = (await node.CommandAsync("CLUSTER", "INFO")).Fields()["cluster_state"];
            var replication = await node.Server.InfoAsync("replication");
            var replicas = running.Count(other => view.Nodes[other.Id] == node.Id);
            if (state != "ok" || replication.GetValueOrDefault("master_link_status", "up") != "up"
                || replication.Values.Count(static value => value.Contains("state=online", StringComparison.Ordinal)) < replicas)
            {
                return $"{node.Address} says {state} and has not got or not given its copy";
            }
        }

        return null;
    }
}
