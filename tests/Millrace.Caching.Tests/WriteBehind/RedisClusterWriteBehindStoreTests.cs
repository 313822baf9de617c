using Millrace.Caching.WriteBehind;
using Millrace.Caching.WriteBehind.Redis;
using Millrace.Redis;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests;

/// <summary>The same on a cluster, whose scripts must not touch two slots.</summary>
[Collection(WriteBehindCrashCollection.Name)]
public sealed class RedisClusterWriteBehindStoreTests(RedisClusterWriteBehindStoreTests.Cluster cluster)
    : WriteBehindStoreConformance, IClassFixture<RedisClusterWriteBehindStoreTests.Cluster>
{
    private readonly string _prefix = $"test-{Guid.NewGuid():N}:";

    private protected override async Task<WriteBehindStore> OpenAsync(StoreLimits limits, string name)
    {
        var store = new RedisWriteBehindStore(cluster.Client, _prefix, name, limits);
        await store.InitializeAsync(CancellationToken.None);
        return store;
    }

    protected override ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>One cluster and client for all tests of the class; each has keys of its own.</summary>
    public sealed class Cluster : IAsyncLifetime
    {
        private RedisCluster _cluster = null!;

        public RedisClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _cluster = await RedisCluster.StartAsync();
            var options = RedisOptions.Parse(_cluster.Nodes[0].Server.Address);
            (options.Topology, options.CommandTimeout) = (RedisTopology.Cluster, TimeSpan.FromSeconds(30));
            Client = await RedisClient.ConnectAsync(options);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await _cluster.DisposeAsync();
        }
    }
}
