using Millrace.Jobs.Stores.Redis;
using Millrace.Jobs.Tests.Stores;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Crashes;

/// <summary>A cluster whose slots move from node to node with the queues that are in use.</summary>
internal sealed class ClusterLab(RedisCluster cluster, RedisClient client) : LabServer
{
    private readonly RedisJobStore _store = new(client, "millrace:jobs", TimeProvider.System);

    public override string Store => "redis";

    public override string Where => $"redis+cluster://{string.Join(',', cluster.Nodes.Select(static node => node.Address))}";

    public static async Task<ClusterLab> StartAsync()
    {
        var cluster = await RedisCluster.StartAsync();
        return new ClusterLab(cluster, await RedisClients.ConnectAsync(cluster));
    }

    public override Task<JobStore> OpenAsync() => Task.FromResult<JobStore>(_store);

    public override async Task<string?> DisturbAsync(Random random)
    {
        var queue = ((string[])["a", "b", "c", "default"])[random.Next(4)];
        var slot = await cluster.SlotOfAsync($"millrace:jobs:{{q:{queue}}}:jobs");
        var owner = await cluster.PrimaryOfAsync(slot);
        var others = (await cluster.PrimariesAsync()).Where(node => node != owner).ToList();
        await cluster.MoveSlotAsync(slot, others[random.Next(others.Count)]);
        return "moved slots";
    }

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await client.DisposeAsync();
        await cluster.DisposeAsync();
    }
}
