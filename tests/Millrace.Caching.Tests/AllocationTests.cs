namespace Millrace.Caching.Tests;

/// <summary>Runs alone: what other tests allocate makes collections, and those empty the pool that interpolated keys take their buffers from.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    [Fact, Trait("req", "C-01")]
    public async Task An_immutable_hit_allocates_nothing()
    {
        using var cache = new Cache(new CacheOptions().Immutable<Point>());
        await cache.SetAsync("text:1", "value", CachePolicies.Short, ["t"]);
        await cache.SetAsync("number:1", 42, CachePolicies.Short);
        await cache.SetAsync("point:1", new Point(1, 2), new CachePolicy { SlidingExpiration = TimeSpan.FromMinutes(1) });
        var interpolated = long.MaxValue;
        for (var round = 0; round < 5 && interpolated > 0; round++)
        {
            interpolated = Math.Min(interpolated, AllocatedBy(cache, interpolated: true)); // the handler rents its buffer; a collection may empty the pool
        }

        Assert.Equal(0, AllocatedBy(cache, interpolated: false));
        Assert.Equal(0, interpolated);
        Assert.Equal(0, cache.GetStatistics().Misses);
    }

    private static long AllocatedBy(Cache cache, bool interpolated)
    {
        for (var warm = 0; warm < 200; warm++)
        {
            ReadThree(cache, interpolated);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            ReadThree(cache, interpolated);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void ReadThree(Cache cache, bool interpolated)
    {
        var id = 1;
        var text = interpolated
            ? cache.GetOrCreateAsync($"text:{id}", id, static (_, _) => ValueTask.FromResult(""), CachePolicies.Short)
            : cache.GetOrCreateAsync("text:1", id, static (_, _) => ValueTask.FromResult(""), CachePolicies.Short);
        var number = interpolated
            ? cache.GetOrCreateAsync($"number:{id}", id, static (_, _) => ValueTask.FromResult(0))
            : cache.GetOrCreateAsync("number:1", id, static (_, _) => ValueTask.FromResult(0));
        var point = cache.TryGet<Point>("point:1", out var shared);
        Assert.True(text.IsCompletedSuccessfully && number.IsCompletedSuccessfully && point && shared is not null);
    }

    private sealed record Point(int X, int Y);
}
