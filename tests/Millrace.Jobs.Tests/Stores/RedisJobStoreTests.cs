using Millrace.Jobs.Stores.Redis;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Stores;

public sealed class RedisJobStoreTests(SharedRedis redis) : JobGuardConformance, IClassFixture<SharedRedis>
{
    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock) => ValueTask.FromResult<JobStore>(new RedisJobStore(redis.Client, _prefix, clock));

    protected override ValueTask<IReadOnlyList<string>> GroupStateAsync() => GroupKeys.ReadAsync(redis.Client, _prefix);
}
