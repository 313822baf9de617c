using Millrace.Redis.Commands;

namespace Millrace.Redis.Tests.Commands;

public sealed class SlotGroupTests
{
    [Fact]
    public void Keys_of_one_slot_stay_together()
    {
        Assert.Null(SlotGroups.Of([]));
        Assert.Null(SlotGroups.Of(["a"]));
        Assert.Null(SlotGroups.Of(["{x}a", "{x}b"]));
    }

    [Fact]
    public void Keys_of_a_cluster_are_grouped_by_slot_in_the_callers_order()
    {
        RedisKey[] keys = ["{1}a", "{2}a", "{1}b", "{3}a", "{2}b", "{1}a"];
        var groups = SlotGroups.Of(keys)!;
        Assert.Equal(3, groups.Count);
        var found = Enumerable.Range(0, 3).Select(i => groups.Group(i).ToArray()).OrderBy(static group => group[0]).ToArray();
        ListAssert.Equal([0, 2, 5], found[0]);
        ListAssert.Equal([1, 4], found[1]);
        ListAssert.Equal([3], found[2]);
    }
}
