using Millrace.Jobs.Stores.Redis;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>The same on Garnet. Compiled only where MILLRACE_GARNET names it, as ./test --garnet does: a suite that is there must run.</summary>
[Collection(HeavyCollection.Name)]
public sealed class GarnetJobStoreTests(SharedGarnet garnet) : JobGuardConformance, IClassFixture<SharedGarnet>
{
    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock) => ValueTask.FromResult<JobStore>(new RedisJobStore(garnet.Client, _prefix, clock));

    protected override ValueTask<IReadOnlyList<string>> GroupStateAsync() => GroupKeys.ReadAsync(garnet.Client, _prefix);
}
