using Millrace.Caching.Remote.Redis;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Slots of a cluster move while three nodes read and invalidate what lies on them, and what tells them of invalidations.</summary>
[Collection("heavy"), Trait("req", "C-09"), Trait("req", "C-10")]
public sealed class ReshardingTests(ITestOutputHelper output)
{
    private const int Seed = 20260310;
    private const int Rounds = 3;
    private static readonly string[] Keys = [.. Enumerable.Range(0, 6).Select(static i => $"key:{i}")];

    [Fact]
    public async Task Slots_that_move_cost_no_reader_an_exception_and_no_invalidation()
    {
        await using var cluster = await RedisCluster.StartAsync();

        // No copies in an outage: a read that begins after a confirmed invalidation has returned then has no excuse for the old value, on any node.
        await using var versions = new Versions(new CachePolicy { Expiration = TimeSpan.FromMinutes(5), StaleInOutage = false });
        await using var a = await Node.StartAsync(cluster.Nodes[0].Address);
        await using var b = await Node.StartAsync(cluster.Nodes[1].Address);
        await using var c = await Node.StartAsync(cluster.Nodes[2].Address);
        Cache[] nodes = [a, b, c];
        foreach (var key in Keys)
        {
            versions.Change(key);
            await versions.ReadAsync(a, key);
        }

        Array.ForEach(nodes, node => versions.ReadOn(node, Keys));
        var done = new int[2];
        versions.Run(stop => InvalidateOnAsync(nodes, versions, done, stop));
        var names = new RedisNames("cache:");
        var slots = new List<int> { await cluster.SlotOfAsync(names.State.ToString()) };
        foreach (var key in Keys)
        {
            slots.Add(await cluster.SlotOfAsync(names.Of(key).ToString()));
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var slot in slots)
            {
                var (from, primaries) = (await cluster.PrimaryOfAsync(slot), await cluster.PrimariesAsync());
                var before = done.Sum();
                await cluster.MoveSlotAsync(slot, primaries[(primaries.ToList().IndexOf(from) + 1) % primaries.Count]);
                await Poll.UntilAsync(() => Task.FromResult(done.Sum() > before + 2 || versions.HasFailed ? null : "there are none"), "invalidations have gone on");
            }
        }

        await versions.StopAsync();
        output.WriteLine($"{Rounds * slots.Count} moves, {versions.Reads} reads, the longest {versions.Longest.TotalMilliseconds:F0} ms; {done[0]} invalidations seen everywhere, {done[1]} confirmed");
        Assert.All(done, static count => Assert.True(count > 0));

        foreach (var node in nodes)
        {
            await Poll.UntilAsync(() => Task.FromResult(node.IsSharing ? null : "it is not connected"), "the node is connected");
        }

        await using var late = await Node.StartAsync(cluster.Nodes[0].Address);
        foreach (var key in Keys)
        {
            await a.RemoveAsync([key], confirmed: true, Node.Token);
            var last = versions.Change(key);
            await a.RemoveByTagAsync(["tag:" + key], confirmed: true, Node.Token);
            foreach (var node in nodes.Append(late))
            {
                Assert.Equal(last, await versions.ReadAsync(node, key));
            }
        }

        Assert.Equal("shared", await a.ReadAsync("end", static () => "shared"));
        Assert.Equal("shared", await late.FindAsync("end"));
    }

    /// <summary>
    /// Invalidates all the time, in all ways, from all nodes. The node's own reads tell at once; those of the others when the invalidation was confirmed,
    /// else when they have told.
    /// </summary>
    private static async Task InvalidateOnAsync(Cache[] nodes, Versions versions, int[] done, CancellationToken stop)
    {
        var chance = new Random(Seed);
        while (!stop.IsCancellationRequested)
        {
            var (node, key, how, confirmed) = (nodes[chance.Next(nodes.Length)], Keys[chance.Next(Keys.Length)], chance.Next(3), chance.Next(2) == 0);
            var version = versions.Change(key);
            try
            {
                await (how switch
                {
                    0 => node.RemoveAsync([key], confirmed, Node.Token),
                    1 => node.RemoveByTagAsync(["tag:" + key], confirmed, Node.Token),
                    _ => node.RemoveByPatternAsync(key + "*", confirmed, Node.Token),
                });
            }
            catch (TimeoutException)
            {
                confirmed = false; // the slot of what tells the others was on its way
            }

            versions.Know(node, key, version);
            foreach (var other in nodes)
            {
                if (!confirmed)
                {
                    await Poll.UntilAsync(async () => await versions.ReadAsync(other, key) >= version ? null : "it is the old value", $"{key} is new everywhere");
                }

                versions.Know(other, key, version);
            }

            Interlocked.Increment(ref done[confirmed ? 1 : 0]);
        }
    }
}
