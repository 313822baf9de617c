using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>Clients for tests: patient, because the machine may be busy, and quick to come back.</summary>
internal static class RedisClients
{
    public static Task<RedisClient> ConnectAsync(string address) => ConnectAsync(RedisOptions.Parse(address));

    public static Task<RedisClient> ConnectAsync(RedisCluster cluster)
    {
        var options = RedisOptions.Parse(string.Join(',', cluster.Nodes.Select(static node => node.Address)));
        options.Topology = RedisTopology.Cluster;
        return ConnectAsync(options);
    }

    public static Task<RedisClient> ConnectAsync(SentinelGroup group) => ConnectAsync(RedisOptions.Parse(AddressOf(group)));

    /// <summary>The connection string of a group.</summary>
    public static string AddressOf(SentinelGroup group) =>
        $"{string.Join(',', group.Sentinels.Select(static sentinel => sentinel.Address))},serviceName={SentinelGroup.MasterName}";

    private static async Task<RedisClient> ConnectAsync(RedisOptions options)
    {
        options.ConnectTimeout = TimeSpan.FromSeconds(20);
        options.CommandTimeout = TimeSpan.FromSeconds(30);
        options.ReconnectDelay = TimeSpan.FromMilliseconds(5);
        options.MaximumReconnectDelay = TimeSpan.FromMilliseconds(100);
        return await RedisClient.ConnectAsync(options);
    }
}
