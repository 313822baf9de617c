using Millrace.Jobs.Stores.Redis;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>The same on Garnet. Compiled only where MILLRACE_GARNET names it, as ./test --garnet does: a suite that is there must run.</summary>
[Collection(HeavyCollection.Name)]
public sealed class GarnetJobStoreTests(SharedGarnet garnet) : JobGuardConformance, IClassFixture<SharedGarnet>
{
    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock) =>
        ValueTask.FromResult<JobStore>(new RedisJobStore(garnet.Client, $"t{Guid.NewGuid():N}", clock));
}
