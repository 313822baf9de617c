using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>One cluster for the tests of a class; each test has a prefix of its own.</summary>
public sealed class SharedRedisCluster : IAsyncLifetime
{
    public RedisCluster Cluster { get; private set; } = null!;

    public RedisClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cluster = await RedisCluster.StartAsync();
        Client = await RedisClients.ConnectAsync(Cluster);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
