using System.Diagnostics;
using System.Globalization;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Somebody changes keys by hand: how soon every node's reads tell. Nothing here is judged by the time that it takes; see the figure <c>cache.foreign</c>.</summary>
[Trait("req", "C-05")]
public sealed class ForeignChangeTests(SharedRedis redis, ITestOutputHelper output) : IClassFixture<SharedRedis>
{
    private const int Rounds = 300;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("SET")]
    [InlineData("DEL")]
    public async Task A_key_changed_by_hand_is_seen_by_every_node(string command)
    {
        var prefix = SharedRedis.Prefix();
        await using var a = await Node.StartAsync(redis.Address, o => o.KeyPrefix = prefix);
        await using var b = await Node.StartAsync(redis.Address, o => o.KeyPrefix = prefix);
        await using var c = await Node.StartAsync(redis.Address, o => o.KeyPrefix = prefix);
        Cache[] nodes = [a, b, c];
        await using var foreign = await redis.Server.ConnectAsync();
        string[] words = command == "SET" ? ["SET", prefix + "k", "by hand"] : ["DEL", prefix + "k"];
        var source = "-1";
        var waits = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var node in nodes)
            {
                while (!node.TryGet<string>("k", out _))
                {
                    await node.ReadAsync("k", () => source); // the server's word of another node's fill may come late, and costs a copy
                }
            }

            var old = source;
            source = round.ToString(CultureInfo.InvariantCulture);
            await foreign.SendAsync(words);
            var changed = Stopwatch.GetTimestamp();
            waits.AddRange(await Task.WhenAll(nodes.Select(node => Task.Run(() => SeenAsync(node, old, source, changed)))));
        }

        waits.Sort();
        output.WriteLine($"{command}: p50 {waits[waits.Count / 2]:F3} ms, p99 {waits[(int)(waits.Count * 0.99)]:F3} ms, longest {waits[^1]:F3} ms of {waits.Count}");
    }

    private static async Task<double> SeenAsync(Cache node, string old, string source, long changed)
    {
        string read;
        while ((read = await node.ReadAsync("k", () => source)) == old)
        {
            Assert.True(Stopwatch.GetElapsedTime(changed) < Limit, $"The old copy was still served after {Limit}.");
            await Task.Yield();
        }

        var wait = Stopwatch.GetElapsedTime(changed).TotalMilliseconds;
        Assert.Equal(source, read);
        return wait;
    }
}
