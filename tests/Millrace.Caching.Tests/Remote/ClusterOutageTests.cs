using Millrace.Caching.Remote.Redis;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote;

/// <summary>A primary of a cluster is killed or stands still, and is not replaced: its keys are as in any outage, and the others' are as ever.</summary>
[Collection("heavy"), Trait("req", "C-16"), Trait("req", "C-09")]
public sealed class ClusterOutageTests : IAsyncLifetime
{
    private static readonly CachePolicy NoStale = new("no stale", TimeSpan.FromMinutes(5)) { StaleInOutage = false };

    private readonly RedisNames _names = new("cache:");
    private RedisCluster _cluster = null!;
    private ClusterNode _lost = null!;
    private (int First, int Last) _slots;

    public async ValueTask InitializeAsync()
    {
        _cluster = await RedisCluster.StartAsync("--cluster-require-full-coverage", "no", "--cluster-node-timeout", "60000");
        var state = await _cluster.PrimaryOfAsync(_names.State.HashSlot);
        _lost = _cluster.Nodes.Take(3).First(node => node != state);
        (_slots.First, _slots.Last) = await SlotsOfAsync(_lost);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task The_other_servers_keys_are_hits_here_and_there_and_coherent_as_ever(string how)
    {
        await using var a = await NodeAsync();
        await using var b = await NodeAsync();
        var others = Others(20);
        foreach (var key in others)
        {
            await a.ReadAsync(key, static () => "one", "t");
        }

        await a.FindAsync(Lost(1)[0]); // a server that was never asked is not missed
        await b.FindAsync(Lost(1)[0]);
        var hits = b.GetStatistics().RemoteHits;
        await StopAsync(how);
        await AwayAsync(a);
        await AwayAsync(b);

        foreach (var key in others)
        {
            Assert.True(a.TryGet<string>(key, out _)); // L1, from before
            Assert.Equal("one", await b.FindAsync(key)); // L2
            Assert.True(b.TryGet<string>(key, out _)); // L1, from during the outage
        }

        Assert.Equal(0, a.GetStatistics().StaleHits + b.GetStatistics().StaleHits);
        Assert.Equal(hits + others.Length, b.GetStatistics().RemoteHits);
        await a.RemoveAsync(others, confirmed: true, Node.Token);
        Assert.All(others, key => Assert.False(b.TryGet<string>(key, out _)));
        foreach (var key in others)
        {
            Assert.Equal("two", await b.ReadAsync(key, static () => "two", "t"));
            Assert.Equal("two", await a.FindAsync(key));
        }

        await b.RemoveByTagAsync(["t"], confirmed: true, Node.Token);
        foreach (var key in others)
        {
            Assert.Equal("SOURCE", await a.FindAsync(key));
        }
    }

    [Fact]
    public async Task Hits_of_the_other_servers_keys_never_wait_and_are_never_stale_from_the_first_moment_of_an_outage_to_its_end()
    {
        await using var cache = await NodeAsync();
        var (others, lost) = (Others(20), Lost(20));
        foreach (var key in others)
        {
            await cache.ReadAsync(key, static () => "one");
        }

        var runs = cache.GetStatistics().FactoryRuns;
        await _lost.Server.PauseAsync();
        var reads = lost.Select(key => cache.ReadAsync(key, static () => "source").AsTask()).ToArray();
        await cache.HitsAsync(others, "one");

        Assert.All(await Task.WhenAll(reads), static value => Assert.Equal("source", value));
        Assert.Equal(runs + lost.Length, cache.GetStatistics().FactoryRuns);
    }

    [Theory]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task The_lost_servers_keys_are_stale_where_that_is_allowed_and_the_sources_where_not(string how)
    {
        await using var a = await NodeAsync();
        var keys = Lost(3);
        await a.ReadAsync(keys[0], static () => "old");
        await a.GetOrCreateAsync(keys[1], static _ => ValueTask.FromResult("old"), NoStale, cancellationToken: Node.Token);
        await StopAsync(how);
        await AwayAsync(a);

        Assert.False(a.TryGet<string>(keys[0], out _));
        Assert.Equal("old", await a.FindAsync(keys[0]));
        Assert.Equal(1, a.GetStatistics().StaleHits);
        Assert.Equal("new", await a.GetOrCreateAsync(keys[1], static _ => ValueTask.FromResult("new"), NoStale, cancellationToken: Node.Token));
        Assert.Equal("first", await a.ReadAsync(keys[2], static () => "first"));
        Assert.False(a.TryGet<string>(keys[2], out _)); // nobody watches what is stored meanwhile
        Assert.Equal("first", await a.FindAsync(keys[2]));
        await a.SetAsync(keys[2], "set", CachePolicies.Medium, cancellationToken: Node.Token);
        Assert.Equal("set", await a.FindAsync(keys[2]));

        await StartAsync(how);
        await ConnectedAsync(a);
        Assert.Equal("later", await a.ReadAsync(keys[2], static () => "later"));
        Assert.Equal("later", await a.GetOrCreateAsync(keys[1], static _ => ValueTask.FromResult("later"), NoStale, cancellationToken: Node.Token));
    }

    [Theory, Trait("req", "C-10")]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task Invalidations_made_while_a_server_is_away_are_honoured_when_it_is_back(string how)
    {
        await using var a = await NodeAsync();
        await using var b = await NodeAsync();
        var keys = Lost(5);
        await a.ReadAsync(keys[0], static () => "old", "t");
        await a.ReadAsync(keys[1], static () => "old");
        await a.ReadAsync(keys[2], static () => "old");
        await a.ReadAsync(keys[3], static () => "kept");
        await a.ReadAsync(keys[4], static () => "old");
        await StopAsync(how);
        await AwayAsync(a);

        await a.RemoveByTagAsync("t", Node.Token);
        await a.RemoveByPatternAsync(keys[1] + "*", Node.Token);
        await a.RemoveAsync([keys[2], .. Others(3)], Node.Token);
        await a.SetAsync(keys[4], "newer", CachePolicies.Medium, cancellationToken: Node.Token);
        Assert.Equal("new", await a.ReadAsync(keys[0], static () => "new", "t"));
        await Assert.ThrowsAsync<TimeoutException>(async () => await a.RemoveAsync([keys[2]], confirmed: true, Node.Token));

        await StartAsync(how);
        await ConnectedAsync(a);
        await ConnectedAsync(b);
        Assert.Equal("SOURCE", await b.FindAsync(keys[0]));
        Assert.Equal("SOURCE", await b.FindAsync(keys[1]));
        Assert.Equal("SOURCE", await b.FindAsync(keys[2]));
        Assert.Equal(how == "killed" ? "SOURCE" : "kept", await b.FindAsync(keys[3])); // killed, it comes back empty
        Assert.Equal("SOURCE", await b.FindAsync(keys[4]));
        Assert.Equal("SOURCE", await a.FindAsync(keys[0]));
        await a.RemoveAsync(keys, confirmed: true, Node.Token);
    }

    [Fact, Trait("req", "C-10")]
    public async Task A_replica_that_takes_over_has_nothing_that_was_invalidated_meanwhile_or_shortly_before()
    {
        await using var a = await NodeAsync();
        await using var b = await NodeAsync();
        var keys = Lost(3);
        foreach (var key in keys)
        {
            await a.ReadAsync(key, static () => "old");
        }

        var replica = (await _cluster.ReplicasOfAsync(_lost))[0];
        await _lost.CommandAsync("WAIT", "1", "10000");
        await replica.Server.PauseAsync(); // what comes now it does not get
        await a.RemoveAsync([keys[0]], Node.Token);
        await _lost.Server.KillAsync();
        await replica.Server.ResumeAsync();
        await AwayAsync(a);
        await a.RemoveAsync([keys[1]], Node.Token);
        await replica.CommandAsync("CLUSTER", "FAILOVER", "TAKEOVER");
        await Poll.UntilAsync(
            async () => (await a.FindAsync(keys[2]), a.IsSharing) is (_, true) ? null : "it is away", "the replica has taken over");

        Assert.Equal("SOURCE", await b.FindAsync(keys[0]));
        Assert.Equal("SOURCE", await b.FindAsync(keys[1]));
    }

    [Fact]
    public async Task A_batch_takes_the_lost_servers_keys_from_the_source_and_the_others_from_where_they_are()
    {
        await using var a = await NodeAsync();
        await using var b = await NodeAsync();
        var (lost, others) = (Lost(5), Others(10));
        await a.SetManyAsync(lost.Concat(others).ToDictionary(static key => key, static _ => "shared"), NoStale, cancellationToken: Node.Token);
        await b.FindAsync(Lost(6)[5]); // a server that was never asked is not missed
        await _lost.Server.KillAsync();
        await AwayAsync(b);

        var found = await b.GetOrCreateManyAsync(
            [.. lost, .. others],
            0,
            static (_, missing, _) => ValueTask.FromResult<IReadOnlyDictionary<string, string>>(missing.ToDictionary(static key => key, static _ => "source")),
            NoStale,
            cancellationToken: Node.Token);

        Assert.All(lost, key => Assert.Equal("source", found[key]));
        Assert.All(others, key => Assert.Equal("shared", found[key]));
    }

    [Fact]
    public async Task Without_the_server_that_tells_of_changes_everything_is_away()
    {
        await using var cache = await NodeAsync();
        var key = Others(1)[0];
        await cache.GetOrCreateAsync(key, static _ => ValueTask.FromResult("old"), NoStale, cancellationToken: Node.Token);
        var state = await _cluster.PrimaryOfAsync(_names.State.HashSlot);
        await state.Server.PauseAsync();
        await AwayAsync(cache);

        await Poll.UntilAsync(() => Task.FromResult(cache.TryGet<string>(key, out _) ? "it is fresh" : null), "trust is over");
        Assert.Equal("new", await cache.GetOrCreateAsync(key, static _ => ValueTask.FromResult("new"), NoStale, cancellationToken: Node.Token));
        await state.Server.ResumeAsync();
        await ConnectedAsync(cache);
    }

    private Task<Cache> NodeAsync() => Node.StartAsync(
        _cluster.Nodes[0].Address,
        static options => (options.Redis.Timeout, options.Redis.TrustDuration) = (TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(1)));

    private string[] Lost(int count) => Keys(count, slot => slot >= _slots.First && slot <= _slots.Last);

    /// <summary>Keys that have no slot near the lost server's: 256 of them share their fate.</summary>
    private string[] Others(int count) => Keys(count, slot => slot < _slots.First - 256 || slot > _slots.Last + 256);

    private string[] Keys(int count, Func<int, bool> isIn) =>
        [.. Enumerable.Range(0, int.MaxValue).Select(static i => $"key:{i}").Where(key => isIn(_names.Of(key).HashSlot)).Take(count)];

    private static async Task<(int First, int Last)> SlotsOfAsync(ClusterNode node)
    {
        var own = (await node.CommandAsync("CLUSTER", "NODES")).Text!.Split('\n').First(static line => line.Contains("myself", StringComparison.Ordinal));
        return own.TrimEnd().Split(' ')[^1].Split('-') is [var first, var last]
            ? (int.Parse(first, System.Globalization.CultureInfo.InvariantCulture), int.Parse(last, System.Globalization.CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"The node has no range of slots: {own}");
    }

    private static Task AwayAsync(Cache cache) => Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? "it is connected" : null), "the node has lost a server");

    private static Task ConnectedAsync(Cache cache) => Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "it is not connected"), "the node is connected");

    private Task StopAsync(string how) => how == "killed" ? _lost.Server.KillAsync() : _lost.Server.PauseAsync();

    private Task StartAsync(string how) => how == "killed" ? _lost.Server.RestartAsync() : _lost.Server.ResumeAsync();
}
