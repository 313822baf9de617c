using Millrace.Jobs.Stores.Redis;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>The same on a cluster: the suite's queues lie on different servers, and no script touches two slots.</summary>
[Trait("peer", "12"), Collection(HeavyCollection.Name)]
public sealed class RedisClusterJobStoreTests(SharedRedisCluster redis) : JobGuardConformance, IClassFixture<SharedRedisCluster>
{
    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock) => ValueTask.FromResult<JobStore>(new RedisJobStore(redis.Client, _prefix, clock));

    protected override ValueTask<IReadOnlyList<string>> GroupStateAsync() => GroupKeys.ReadAsync(redis.Client, _prefix);
}
