using System.Diagnostics;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Redis takes two seconds each way, far longer than a read may wait: reads go on, and when it is quick again nothing was lost.</summary>
[Trait("req", "C-09")]
public sealed class SlowServerTests(SharedRedis redis, ITestOutputHelper output) : IClassFixture<SharedRedis>
{
    private static readonly TimeSpan Way = TimeSpan.FromSeconds(2);

    private readonly string _prefix = SharedRedis.Prefix();

    [Fact]
    public async Task A_slow_server_holds_up_no_hit_and_a_miss_only_until_it_is_noticed()
    {
        await using var proxy = DelayingProxy.Start(redis.Server.Port);
        await using var cache = await StartAsync(proxy.Address);
        await cache.ReadAsync("hit", static () => "one");
        proxy.Delay = Way;

        // What was asked of the server comes back after twice the way. A read that ends sooner has not waited for it.
        var (misses, longest) = (0, TimeSpan.Zero);
        await Poll.UntilAsync(
            async () =>
            {
                var hit = cache.ReadAsync("hit", static () => "two");
                Assert.True(hit.IsCompletedSuccessfully);
                Assert.Equal("one", await hit);
                var began = Stopwatch.GetTimestamp();
                var read = cache.ReadAsync($"miss:{++misses}", static () => "source");
                var waits = !read.IsCompleted;
                Assert.Equal("source", await read);
                var took = Stopwatch.GetElapsedTime(began);
                longest = took > longest ? took : longest;
                return waits ? $"read {misses} waited" : null;
            },
            "no read waits any more");
        output.WriteLine($"{misses} misses until none waited, the longest {longest.TotalMilliseconds:F0} ms");
        Assert.False(cache.IsSharing);
        Assert.True(longest < 2 * Way, $"A read took {longest}.");

        for (var i = 0; i < 1000; i++)
        {
            var hit = cache.ReadAsync("hit", static () => "two");
            var miss = cache.ReadAsync($"later:{i}", static () => "source");
            Assert.True(hit.IsCompletedSuccessfully && miss.IsCompletedSuccessfully, $"round {i}");
            Assert.Equal("one", await hit);
            Assert.Equal("source", await miss);
        }

        Assert.Equal(0, cache.GetStatistics().FactoryErrors);
        proxy.Delay = TimeSpan.Zero;
        await ConnectedAsync(cache);
        await using var other = await StartAsync(redis.Address);
        Assert.Equal("shared", await cache.ReadAsync("again", static () => "shared"));
        Assert.Equal("shared", await other.FindAsync("again"));
    }

    [Fact, Trait("req", "C-10")]
    public async Task Invalidations_made_while_the_server_is_slow_are_carried_out_everywhere_when_it_is_quick_again()
    {
        string[] keys = ["key", "tagged", "user:42:name", "set"];
        await using var proxy = DelayingProxy.Start(redis.Server.Port);
        await using var a = await StartAsync(proxy.Address);
        await using var b = await StartAsync(proxy.Address);
        await using var c = await StartAsync(redis.Address); // has a way of its own, that stays quick
        foreach (var node in new[] { a, b, c })
        {
            foreach (var key in keys)
            {
                Assert.Equal("old", await node.ReadAsync(key, static () => "old", "t:" + key));
            }
        }

        proxy.Delay = Way;
        await a.RemoveAsync("key", Node.Token);
        await a.RemoveByTagAsync("t:tagged", Node.Token);
        await a.RemoveByPatternAsync("user:42:*", Node.Token);
        await a.SetAsync("set", "new", CachePolicies.Medium, ["t:set"], Node.Token);
        foreach (var key in keys)
        {
            Assert.Equal("new", await a.ReadAsync(key, static () => "new", "t:" + key)); // here at once
        }

        await Poll.UntilAsync(() => Task.FromResult(a.IsSharing || b.IsSharing ? "one has not noticed" : null), "the slowness is noticed");
        proxy.Delay = TimeSpan.Zero;
        await ConnectedAsync(a);
        await ConnectedAsync(b);
        await using var late = await StartAsync(redis.Address);
        foreach (var node in new[] { c, b, a, late })
        {
            foreach (var key in keys)
            {
                await Poll.UntilAsync(async () => await node.ReadAsync(key, static () => "new", "t:" + key) is "new" ? null : "it is the old value", $"{key} is new");
                Assert.True(!node.TryGet<string>(key, out var copy) || copy == "new");
            }
        }
    }

    private Task<Cache> StartAsync(string address) => Node.StartAsync(address, o => o.KeyPrefix = _prefix);

    private static Task ConnectedAsync(Cache cache) => Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "it is not connected"), "the node is connected");
}
