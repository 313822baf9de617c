using Millrace.Jobs.Stores.Memory;
using Millrace.TestKit.Jobs;

namespace Millrace.Jobs.Tests.Stores;

public sealed class MemoryJobStoreTests : JobGuardConformance
{
    private MemoryJobStore _store = null!;

    protected override ValueTask<JobStore> CreateStoreAsync(TimeProvider clock) => ValueTask.FromResult<JobStore>(_store = new MemoryJobStore(clock));

    protected override ValueTask<IReadOnlyList<string>> GroupStateAsync() => ValueTask.FromResult(_store.GroupState());
}
