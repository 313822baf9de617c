using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote.Partitioned;

/// <summary>One of several servers is killed or stands still: its keys are as in any outage, and the others' are as ever.</summary>
[Trait("req", "C-16"), Trait("req", "C-09")]
public sealed class PartitionOutageTests : IAsyncLifetime
{
    private static readonly CachePolicy NoStale = new("no stale", TimeSpan.FromMinutes(5)) { StaleInOutage = false };

    private Partitions _servers = null!;

    public async ValueTask InitializeAsync() => _servers = await Partitions.StartAsync();

    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    [Theory]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task The_other_servers_keys_are_hits_here_and_there_and_coherent_as_ever(string how)
    {
        await using var a = await _servers.NodeAsync(Quick);
        await using var b = await _servers.NodeAsync(Quick);
        var others = _servers.KeysOf("a", 10).Concat(_servers.KeysOf("c", 10)).ToArray();
        foreach (var key in others)
        {
            await a.ReadAsync(key, static () => "one", "t");
        }

        await StopAsync("b", how);
        await Partitions.AwayAsync(a);
        await Partitions.AwayAsync(b);

        foreach (var key in others)
        {
            Assert.True(a.TryGet<string>(key, out _)); // L1, from before
            Assert.Equal("one", await b.FindAsync(key)); // L2
            Assert.True(b.TryGet<string>(key, out _)); // L1, from during the outage
        }

        Assert.Equal(0, a.GetStatistics().StaleHits + b.GetStatistics().StaleHits);
        Assert.Equal(others.Length, b.GetStatistics().RemoteHits);
        await a.RemoveAsync(others, confirmed: true, Node.Token);
        Assert.All(others, key => Assert.False(b.TryGet<string>(key, out _)));
        foreach (var key in others)
        {
            Assert.Equal("two", await b.ReadAsync(key, static () => "two", "t"));
            Assert.Equal("two", await a.FindAsync(key));
        }

        await b.RemoveByTagAsync("t", Node.Token);
        foreach (var key in others)
        {
            await a.UntilAsync(key, "SOURCE");
        }
    }

    [Fact]
    public async Task Hits_of_the_other_servers_keys_never_wait_and_are_never_stale_from_the_first_moment_of_an_outage_to_its_end()
    {
        await using var cache = await _servers.NodeAsync(Quick);
        var others = _servers.KeysOf("a", 20).Concat(_servers.KeysOf("c", 20)).ToArray();
        foreach (var key in others)
        {
            await cache.ReadAsync(key, static () => "one");
        }

        var runs = cache.GetStatistics().FactoryRuns;
        await _servers["b"].PauseAsync();
        await cache.HitsAsync(others, "one");

        Assert.Equal((0, runs), (cache.GetStatistics().StaleHits, cache.GetStatistics().FactoryRuns));
    }

    [Theory]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task The_lost_servers_keys_are_stale_where_that_is_allowed_and_the_sources_where_not(string how)
    {
        await using var a = await _servers.NodeAsync(Quick);
        var keys = _servers.KeysOf("b", 3);
        await a.ReadAsync(keys[0], static () => "old");
        await a.GetOrCreateAsync(keys[1], static _ => ValueTask.FromResult("old"), NoStale, cancellationToken: Node.Token);
        await StopAsync("b", how);
        await Partitions.AwayAsync(a);

        await Poll.UntilAsync(() => Task.FromResult(a.TryGet<string>(keys[0], out _) ? "it is fresh" : null), "its trust is over");
        Assert.Equal("old", await a.FindAsync(keys[0]));
        Assert.Equal(1, a.GetStatistics().StaleHits);
        Assert.Equal("new", await a.GetOrCreateAsync(keys[1], static _ => ValueTask.FromResult("new"), NoStale, cancellationToken: Node.Token));
        Assert.Equal("first", await a.ReadAsync(keys[2], static () => "first"));
        Assert.False(a.TryGet<string>(keys[2], out _)); // nobody watches what is stored meanwhile
        Assert.Equal("first", await a.FindAsync(keys[2]));
        await a.SetAsync(keys[2], "set", CachePolicies.Medium, cancellationToken: Node.Token);
        Assert.False(a.TryGet<string>(keys[2], out _));
        Assert.Equal("set", await a.FindAsync(keys[2]));
        await a.RemoveByTagAsync("another", Node.Token); // moves the sequence, and makes nothing fresh
        Assert.False(a.TryGet<string>(keys[2], out _));

        await StartAsync("b", how);
        await Partitions.ConnectedAsync(a);
        Assert.Equal("later", await a.GetOrCreateAsync(keys[2], static _ => ValueTask.FromResult("later"), CachePolicies.Medium, cancellationToken: Node.Token));
        Assert.Equal("later", await a.GetOrCreateAsync(keys[1], static _ => ValueTask.FromResult("later"), NoStale, cancellationToken: Node.Token));
    }

    [Theory, Trait("req", "C-10")]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task Invalidations_made_while_a_server_is_away_are_honoured_when_it_is_back(string how)
    {
        await using var a = await _servers.NodeAsync(Quick);
        await using var b = await _servers.NodeAsync(Quick);
        var keys = _servers.KeysOf("b", 4);
        await a.ReadAsync(keys[0], static () => "old", "t");
        await a.ReadAsync(keys[1], static () => "old");
        await a.ReadAsync(keys[2], static () => "old");
        await a.ReadAsync(keys[3], static () => "kept");
        await StopAsync("b", how);
        await Partitions.AwayAsync(a);

        await a.RemoveByTagAsync("t", Node.Token);
        await a.RemoveByPatternAsync(keys[1] + "*", Node.Token);
        await a.RemoveAsync(keys[2], Node.Token);
        Assert.Equal("new", await a.ReadAsync(keys[0], static () => "new", "t"));

        await StartAsync("b", how);
        await Partitions.ConnectedAsync(a);
        await Partitions.ConnectedAsync(b);
        Assert.Equal("SOURCE", await b.FindAsync(keys[0]));
        Assert.Equal("SOURCE", await b.FindAsync(keys[1]));
        Assert.Equal("SOURCE", await b.FindAsync(keys[2]));
        Assert.Equal("kept", await b.FindAsync(keys[3]));
        Assert.Equal("SOURCE", await a.FindAsync(keys[0]));
    }

    [Fact, Trait("req", "C-10")]
    public async Task A_confirmed_invalidation_of_a_tag_says_that_a_server_is_away_and_has_reached_the_others()
    {
        await using var a = await _servers.NodeAsync(Quick);
        await using var b = await _servers.NodeAsync(Quick);
        var others = _servers.KeysOf("a", 3).Concat(_servers.KeysOf("c", 3)).ToArray();
        foreach (var key in others)
        {
            await a.ReadAsync(key, static () => "old", "t");
            await b.FindAsync(key);
        }

        await _servers["b"].KillAsync();
        await Partitions.AwayAsync(a);

        await Assert.ThrowsAsync<TimeoutException>(async () => await a.RemoveByTagAsync(["t"], confirmed: true, Node.Token));

        foreach (var key in others)
        {
            Assert.False(b.TryGet<string>(key, out _));
            Assert.Equal("SOURCE", await b.FindAsync(key));
        }

        await a.RemoveAsync(others, confirmed: true, Node.Token); // names none of the lost server's keys
    }

    [Fact]
    public async Task A_batch_takes_the_lost_servers_keys_from_the_source_and_the_others_from_where_they_are()
    {
        await using var a = await _servers.NodeAsync(Quick);
        await using var b = await _servers.NodeAsync(Quick);
        var keys = _servers.Keys(ofEach: 5);
        await a.SetManyAsync(keys.ToDictionary(static key => key, static _ => "shared"), NoStale, cancellationToken: Node.Token);
        await _servers["b"].KillAsync();
        await Partitions.AwayAsync(b);

        var found = await b.GetOrCreateManyAsync(
            keys,
            0,
            static (_, missing, _) => ValueTask.FromResult<IReadOnlyDictionary<string, string>>(missing.ToDictionary(static key => key, static _ => "source")),
            NoStale,
            cancellationToken: Node.Token);

        Assert.All(keys, key => Assert.Equal(_servers.Of(key) == "b" ? "source" : "shared", found[key]));
    }

    [Fact]
    public async Task Without_one_of_the_servers_from_the_start_the_others_are_shared()
    {
        await _servers["b"].KillAsync();
        await using var a = await _servers.NodeAsync(Quick, wait: false);
        await using var b = await _servers.NodeAsync(Quick, wait: false);
        var (lost, other) = (_servers.KeysOf("b", 1)[0], _servers.KeysOf("c", 1)[0]);

        await Poll.UntilAsync(
            async () => await a.ReadAsync(other, static () => "a") == await b.ReadAsync(other, static () => "b") ? null : "each has read its source",
            "the others are shared");

        Assert.Equal("one", await a.ReadAsync(lost, static () => "one"));
        Assert.Equal("one", await a.FindAsync(lost)); // as stale
        await _servers["b"].RestartAsync();
        await Partitions.ConnectedAsync(a);
        await Partitions.ConnectedAsync(b);
        Assert.Equal("two", await a.ReadAsync(lost, static () => "two"));
        Assert.Equal("two", await b.FindAsync(lost));
    }

    private static void Quick(CacheOptions options) => (options.Redis.Timeout, options.Redis.TrustDuration) = (TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(1));

    private Task StopAsync(string name, string how) => how == "killed" ? _servers[name].KillAsync() : _servers[name].PauseAsync();

    private Task StartAsync(string name, string how) => how == "killed" ? _servers[name].RestartAsync() : _servers[name].ResumeAsync();
}
