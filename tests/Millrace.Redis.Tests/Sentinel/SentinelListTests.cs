using Millrace.Redis.Sentinel;

namespace Millrace.Redis.Tests.Sentinel;

public sealed class SentinelListTests
{
    [Fact]
    public void The_one_that_answered_comes_first_and_the_named_ones_last()
    {
        var list = new SentinelList([At(1), At(2)]);

        list.Learn(At(2), [At(1), At(3)]);

        Assert.Equal([At(2), At(1), At(3)], list.Known);
    }

    [Fact]
    public void Those_that_nobody_names_any_more_are_forgotten_but_for_the_configured()
    {
        var list = new SentinelList([At(1), At(2)]);
        list.Learn(At(1), [At(3), At(4)]);

        list.Learn(At(3), [At(5)]);

        Assert.Equal([At(3), At(1), At(2), At(5)], list.Known);
    }

    [Fact]
    public void No_more_are_kept_than_the_limit_however_many_are_named()
    {
        var list = new SentinelList([At(1)]);

        list.Learn(At(1), [.. Enumerable.Range(2, 1_000).Select(At)]);

        Assert.Equal(SentinelConnection.MaximumServers, list.Known.Count);
        Assert.Equal(At(1), list.Known[0]);
    }

    [Fact]
    public void The_preferred_one_is_asked_first()
    {
        var list = new SentinelList([At(1), At(2), At(3)]);

        list.Prefer(At(3));

        Assert.Equal([At(3), At(1), At(2)], list.Known);
    }

    private static RedisEndpoint At(int port) => new("127.0.0.1", port);
}
