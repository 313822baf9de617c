using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote.Sweeping;

/// <summary>The same on a cluster: every primary is swept.</summary>
[Collection("heavy"), Trait("req", "C-10"), Trait("req", "C-16")]
public sealed class SweepOnClusterTests : IAsyncLifetime
{
    private RedisCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await RedisCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Invalidated_entries_go_from_every_primary()
    {
        const int Keys = 60;
        await using var cache = await Node.StartAsync(_cluster.Nodes[0].Server.Address, static options => options.Redis.SweepKeysPerSecond = 100_000);
        for (var i = 0; i < Keys; i++)
        {
            await cache.ReadAsync($"old:{i}", static () => "old", "t");
            await cache.ReadAsync($"kept:{i}", static () => "kept", "u");
        }

        await cache.RemoveByTagAsync("t", Node.Token);
        await Poll.UntilAsync(() => Task.FromResult(cache.GetStatistics().Sweeps > 0 ? null : "not yet"), "it has swept");

        Assert.Equal(Keys, cache.GetStatistics().SweptEntries);
        for (var i = 0; i < Keys; i++)
        {
            Assert.False(await cache.ExistsAsync($"old:{i}", Node.Token));
            Assert.Equal("kept", await cache.FindAsync($"kept:{i}"));
        }
    }
}
