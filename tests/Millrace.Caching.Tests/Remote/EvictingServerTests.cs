using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote;

/// <summary>A server that may evict what invalidations are known by.</summary>
[Trait("req", "C-09")]
public sealed class EvictingServerTests : ServerTests
{
    private const int ServerEvicts = 1021;
    private const int TrustLost = 1012;

    [Theory]
    [InlineData("allkeys-lfu", "100mb", true)]
    [InlineData("allkeys-lfu", "0", false)]
    [InlineData("volatile-lfu", "100mb", false)]
    [InlineData("noeviction", "100mb", false)]
    public async Task It_is_said_once_and_with_the_remedy(string policy, string limit, bool isSaid)
    {
        await Server.CommandAsync("CONFIG", "SET", "maxmemory", limit, "maxmemory-policy", policy);
        var log = new LogList();
        await using var node = await Node.StartAsync(Server.Address, logger: log);
        await Server.CommandAsync("CLIENT", "KILL", "TYPE", "pubsub");
        await Poll.UntilAsync(() => Task.FromResult(log.Ids.Contains(TrustLost) ? null : "it has not noticed"), "the loss is noticed");
        await Poll.UntilAsync(() => Task.FromResult(node.IsSharing ? null : "it is not connected"), "the node is connected again");

        var said = log.Texts.Where((_, i) => log.Ids[i] == ServerEvicts).ToArray();
        Assert.Equal(isSaid ? 1 : 0, said.Length);
        Assert.All(said, static text => Assert.Contains("Set it to volatile-lfu.", text, StringComparison.Ordinal));
    }
}
