using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Stores;

public sealed class MemoryJobStoreTests : JobGuardConformance
{
    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock) => ValueTask.FromResult<JobStore>(new MemoryJobStore(clock));
}
