using Millrace.Caching.WriteBehind;
using Millrace.Caching.WriteBehind.Memory;
using Millrace.TestKit;

namespace Millrace.Caching.Tests;

public sealed class MemoryWriteBehindStoreTests : WriteBehindStoreConformance
{
    private readonly FakeClock _clock = new();

    protected override bool Survives => false;

    protected override void Pass() => _clock.Advance(TimeSpan.FromMilliseconds(2));

    private protected override Task<WriteBehindStore> OpenAsync(StoreLimits limits, string name) =>
        Task.FromResult<WriteBehindStore>(new MemoryWriteBehindStore(limits, _clock));

    protected override ValueTask CloseAsync() => ValueTask.CompletedTask;
}
