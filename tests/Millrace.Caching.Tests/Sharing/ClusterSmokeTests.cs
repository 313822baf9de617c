using Millrace.TestKit;

namespace Millrace.Caching.Tests.Sharing;

/// <summary>Each of the four on a cluster of six nodes, with names that lie on different ones. Two clients, as two nodes of an application.</summary>
[Trait("req", "C-16")]
public sealed class ClusterSmokeTests(SharedServers servers)
{
    private const int Names = 24; // some on each of three primaries
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact, Trait("req", "C-17")]
    public async Task Counters_count_on_a_cluster()
    {
        await using var first = await servers.ConnectAsync(SharedServers.Cluster);
        await using var second = await servers.ConnectAsync(SharedServers.Cluster);
        var prefix = SharedServers.Prefix();
        var (a, b) = (CacheCounters.InRedis(first, prefix), CacheCounters.InRedis(second, prefix));
        string[] names = [.. Enumerable.Range(0, Names).Select(static i => $"n{i}")];
        await a.SetManyAsync([.. names.Select(static (name, i) => KeyValuePair.Create(name, (long)i))], Long, Token);
        await Task.WhenAll(names.SelectMany(name => new[] { a, b }.Select(node => node.IncrementAsync(name, 10, CounterExpiry.Sliding(Long), Token).AsTask())));

        Assert.Equal(Enumerable.Range(0, Names).Select(static i => (long?)(i + 20)), await b.GetManyAsync(names, Token));
        Assert.Equal(20, await a.ResetAsync("n0", Token));
        Assert.False(await b.ExistsAsync("n0", Token));
        Assert.NotEqual(default, await b.GetServerTimeAsync(Token));
    }

    [Fact, Trait("req", "C-21")]
    public async Task Limits_hold_on_a_cluster()
    {
        await using var first = await servers.ConnectAsync(SharedServers.Cluster);
        await using var second = await servers.ConnectAsync(SharedServers.Cluster);
        var (prefix, patient) = (SharedServers.Prefix(), new SharedRateLimiterOptions { Timeout = TimeSpan.FromSeconds(30) });
        var nodes = new[] { SharedRateLimiters.InRedis(first, patient, prefix), SharedRateLimiters.InRedis(second, patient, prefix) };
        var day = TimeSpan.FromDays(1);
        foreach (var limit in new[] { RateLimit.FixedWindow(3, day), RateLimit.SlidingWindow(3, day), RateLimit.TokenBucket(3, 1, day) })
        {
            var leases = await Task.WhenAll(Enumerable.Range(0, Names * 6).Select(i => nodes[i % 2].AcquireAsync($"r{i % Names}", limit, 1, Token).AsTask()));
            Assert.Equal(Names * 3, leases.Count(static lease => lease.IsAcquired));
        }
    }

    [Fact, Trait("req", "C-21")]
    public async Task Locks_exclude_and_wake_on_a_cluster()
    {
        await using var first = await servers.ConnectAsync(SharedServers.Cluster);
        await using var second = await servers.ConnectAsync(SharedServers.Cluster);
        var (prefix, clock) = (SharedServers.Prefix(), new FakeClock());
        await using var a = CacheLocks.InRedis(first, prefix, clock);
        await using var b = CacheLocks.InRedis(second, prefix, clock);
        for (var i = 0; i < Names; i++)
        {
            var held = await a.AcquireAsync($"lock{i}", Long, Long, Token);
            Assert.Null(await b.TryAcquireAsync($"lock{i}", Long, Token));
            var waiting = b.AcquireAsync($"lock{i}", Long, Long, Token).AsTask();
            await clock.WaitForTimersAsync(3, Token); // wait, sleep and renewal; the clock stands still: only a message can wake it
            Assert.True(await held.ReleaseAsync(Token));
            await using var next = await waiting.WaitAsync(Caches.Guard, Token);
            Assert.True(next.FencingToken > held.FencingToken);
        }
    }

    [Fact, Trait("req", "C-20")]
    public async Task Sessions_live_and_end_on_a_cluster()
    {
        await using var first = await servers.ConnectAsync(SharedServers.Cluster);
        await using var second = await servers.ConnectAsync(SharedServers.Cluster);
        var prefix = SharedServers.Prefix();
        await using var a = SessionCache.InRedis(first, null, prefix);
        await using var b = SessionCache.InRedis(second, null, prefix);
        var made = new List<NewSession>();
        for (var i = 0; i < Names; i++)
        {
            made.Add(await a.CreateAsync($"user{i}", new byte[] { 1 }, Token));
        }

        await Poll.UntilAsync(
            async () => (await b.ValidateManyAsync([.. made.Select(static one => one.Token)], Token)).All(static one => one is not null) && b.IsTrusted ? null : "it is not trusted",
            "the other node remembers all");
        Assert.Single(await b.GetActiveAsync("user3", Token));
        foreach (var one in made)
        {
            Assert.Equal(1, await a.RevokeAllAsync(one.Session.UserId, cancellationToken: Token));
        }

        await Poll.UntilAsync(
            async () => (await b.ValidateManyAsync([.. made.Select(static one => one.Token)], Token)).All(static one => one is null) ? null : "it lets in",
            "the other node has heard of all revocations");
    }
}
