namespace Millrace.Caching.Tests.FailSafe;

/// <summary>Runs alone, as the other tests of allocations do.</summary>
[Collection(nameof(AllocationTests))]
public sealed class RefreshCostTests
{
    [Fact, Trait("req", "C-07")]
    public async Task A_hit_of_an_entry_that_will_be_refreshed_allocates_nothing()
    {
        using var cache = new Cache();
        var policy = new CachePolicy { RefreshAhead = 0.9, FailSafe = TimeSpan.FromHours(1), SoftTimeout = TimeSpan.FromSeconds(1), HardTimeout = TimeSpan.FromSeconds(5) };
        await cache.SetAsync("k", "value", policy, cancellationToken: Reads.Token);
        Allocated(cache, policy, 1_000);

        Assert.Equal(0, Allocated(cache, policy, 10_000));
    }

    private static long Allocated(Cache cache, CachePolicy policy, int reads)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < reads; i++)
        {
            var plain = cache.GetOrCreateAsync("k", i, static (_, _) => ValueTask.FromResult(""), policy);
            var said = cache.GetOrCreateAsync("k", i, static (_, _, _) => ValueTask.FromResult(""), policy);
            Assert.True(plain.IsCompletedSuccessfully && said.IsCompletedSuccessfully);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
