using Millrace.Jobs.Stores.Redis;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Stores;

public sealed class RedisJobStoreTests(SharedRedis redis) : JobGuardConformance, IClassFixture<SharedRedis>
{
    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock) =>
        ValueTask.FromResult<JobStore>(new RedisJobStore(redis.Client, $"t{Guid.NewGuid():N}", clock));
}
