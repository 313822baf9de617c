namespace Millrace.Caching.Tests.Keys;

/// <summary>Runs alone, as what other tests allocate empties the pools.</summary>
[Collection(nameof(AllocationTests)), Trait("req", "C-12")]
public sealed class KeyAllocationTests
{
    private static readonly CacheKey<int> Numbers = CacheKeys.Of("project").Version(2).With<int>();
    private static readonly CacheKey<Guid, string, DayOfWeek> Mixed = CacheKeys.Of("project").With<Guid, string, DayOfWeek>();

    [Fact]
    public void A_key_allocates_its_string_and_nothing_else()
    {
        var id = new Guid("0f8fad5b-d9cb-469f-a165-70867728950e");
        Assert.Equal(Bytes(Numbers.Of(1_000_042)), AllocatedBy(() => Numbers.Of(1_000_042)));
        Assert.Equal(Bytes(Mixed.Of(id, "a:b", DayOfWeek.Friday)), AllocatedBy(() => Mixed.Of(id, "a:b", DayOfWeek.Friday)));
        Assert.Equal(0, AllocatedBy(() => CacheKeys.Escape("nothing to escape")));
    }

    /// <summary>A string: 20 bytes of head, its characters and a zero, rounded up to eight.</summary>
    private static long Bytes(string text) => (20 + (2L * (text.Length + 1)) + 7) / 8 * 8;

    private static long AllocatedBy(Func<string> make)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 200; i++)
            {
                make();
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
            {
                make();
            }

            least = Math.Min(least, (GC.GetAllocatedBytesForCurrentThread() - before) / 1_000);
        }

        return least;
    }
}
