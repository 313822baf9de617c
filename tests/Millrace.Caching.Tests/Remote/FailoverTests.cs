using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote;

/// <summary>The primary dies and a replica is promoted, which has not got what was invalidated and stored last.</summary>
[Collection("heavy"), Trait("req", "C-09"), Trait("req", "C-10")]
public sealed class FailoverTests(ITestOutputHelper output)
{
    /// <summary>
    /// Longer than the ten seconds of which the journal of invalidations remembers those that succeeded: Sentinel's own default is 30 s.
    /// </summary>
    private static readonly TimeSpan DownAfter = TimeSpan.FromSeconds(12);

    private static readonly string[] Before = ["before:key", "before:tag", "before:pattern", "before:set"];
    private static readonly string[] During = ["during:key", "during:tag", "during:pattern", "during:set"];
    private static readonly string[] All = [.. Before, .. During, "kept"];

    [Fact]
    public async Task Reads_go_on_through_a_failover_and_no_invalidation_is_lost()
    {
        await using var group = await SentinelGroup.StartAsync(new SentinelSetup { DownAfter = DownAfter });
        var address = $"redis+sentinel://{string.Join(',', group.Sentinels.Select(static sentinel => sentinel.Address))}/{SentinelGroup.MasterName}";
        await using var versions = new Versions(CachePolicies.Medium);
        await using var a = await Node.StartAsync(address);
        await using var b = await Node.StartAsync(address);
        foreach (var key in All)
        {
            versions.Change(key);
            await versions.ReadAsync(a, key);
            await versions.ReadAsync(b, key);
        }

        var primary = await group.CurrentPrimaryAsync();
        await Poll.UntilAsync(async () => await HaveAllAsync(group) ? null : "one does not have all entries", "the replicas have the first values");
        versions.ReadOn(a, All);
        versions.ReadOn(b, All);

        // (1) Invalidations that the primary carries out and no replica hears of; both nodes see the new values.
        foreach (var replica in group.Servers.Where(server => server != primary))
        {
            await replica.PauseAsync();
        }

        await primary.CommandAsync("CLIENT", "KILL", "TYPE", "replica"); // nothing waits for them in a socket
        await InvalidateAsync(a, versions, Before);
        foreach (var key in Before)
        {
            await Poll.UntilAsync(async () => await versions.ReadAsync(b, key) == 2 ? null : "it is the old value", $"the other node reads the new {key}");
        }

        // (2) The primary dies. Reads and invalidations go on before anybody is promoted.
        await group.KillPrimaryAsync();
        foreach (var replica in group.Servers.Where(server => server != primary))
        {
            await replica.ResumeAsync();
        }

        await Poll.UntilAsync(() => Task.FromResult(a.IsSharing || b.IsSharing ? "one has not noticed" : null), "the loss is noticed");
        await InvalidateAsync(a, versions, During);
        var before = versions.Reads;
        foreach (var node in new[] { a, b })
        {
            Assert.Equal("source", await node.ReadAsync("nowhere", static () => "source"));
            foreach (var key in All)
            {
                await versions.ReadAsync(node, key);
            }
        }

        Assert.True(versions.Reads > before);
        Assert.Equal(primary, await group.CurrentPrimaryAsync()); // none of that has waited for the new one
        output.WriteLine($"{versions.Reads} reads until then, the longest {versions.Longest.TotalMilliseconds:F0} ms");

        // (3) A replica with the old values takes over.
        await group.WaitForFailOverAsync(primary);
        foreach (var node in new[] { b, a })
        {
            await Poll.UntilAsync(() => Task.FromResult(node.IsSharing ? null : "it is not connected"), "the node is connected again");
        }

        await using var late = await Node.StartAsync(address);
        foreach (var key in All)
        {
            foreach (var node in new[] { b, a, late })
            {
                await Poll.UntilAsync(async () => await versions.ReadAsync(node, key) == versions.Of(key) ? null : "it is the old value", $"{key} is new");
                versions.Know(node, key, versions.Of(key));
            }
        }

        await versions.StopAsync();
        output.WriteLine($"{versions.Reads} reads in all, the longest {versions.Longest.TotalMilliseconds:F0} ms; {a.GetStatistics().StaleHits + b.GetStatistics().StaleHits} stale");
        Assert.Equal("kept", await late.ReadAsync("end", static () => "kept"));
        Assert.Equal("kept", await a.FindAsync("end")); // the level is shared again
    }

    /// <summary>Each key in its own way; what is read here from then on is new.</summary>
    private static async Task InvalidateAsync(Cache node, Versions versions, string[] keys)
    {
        foreach (var key in keys)
        {
            var version = versions.Change(key);
            await (key[(key.IndexOf(':', StringComparison.Ordinal) + 1)..] switch
            {
                "key" => node.RemoveAsync(key, Node.Token),
                "tag" => node.RemoveByTagAsync("tag:" + key, Node.Token),
                "pattern" => node.RemoveByPatternAsync(key + "*", Node.Token),
                _ => node.SetAsync(key, version, CachePolicies.Medium, ["tag:" + key], Node.Token),
            });
            versions.Know(node, key, version);
            Assert.Equal(version, await versions.ReadAsync(node, key));
        }
    }

    private static async Task<bool> HaveAllAsync(SentinelGroup group)
    {
        foreach (var server in group.Servers)
        {
            if ((await server.CommandAsync(["EXISTS", .. All.Select(static key => "cache:" + key)])).Number != All.Length)
            {
                return false;
            }
        }

        return true;
    }
}
