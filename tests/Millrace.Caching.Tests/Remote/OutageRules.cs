using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Redis is killed, frozen, emptied: reads go on, and no invalidation is lost.</summary>
/// <param name="client">The name of its command <c>CLIENT</c>: under another one it has no key tracking.</param>
public abstract class OutageRules(string client) : IAsyncLifetime
{
    private const int TrustLost = 1012;

    private RedisServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync(
        new RedisServerSetup { Arguments = ["--appendonly", "yes", "--appendfsync", "always", .. client == "CLIENT" ? (string[])[] : ["--rename-command", "CLIENT", client]] });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Without_a_server_from_the_start_reads_go_to_the_source_and_later_to_the_server()
    {
        await _server.KillAsync();
        await using var cache = await Node.StartAsync(_server.Address, wait: false);

        Assert.Equal("one", await cache.ReadAsync("k", static () => "one"));
        Assert.Equal("one", await cache.ReadAsync("k", static () => "two")); // the copy here, which may be stale
        Assert.Equal(1, cache.GetStatistics().StaleHits);

        await _server.RestartAsync();
        await Connected(cache);
        await using var other = await Node.StartAsync(_server.Address);
        Assert.Equal("three", await cache.ReadAsync("k", static () => "three")); // what was read meanwhile was not watched
        Assert.Equal("three", await other.FindAsync("k"));
    }

    [Fact, Trait("req", "C-10")]
    public async Task Invalidations_made_while_the_server_is_away_are_made_up_for_before_it_is_asked_again()
    {
        await using var a = await Node.StartAsync(_server.Address);
        await using var b = await Node.StartAsync(_server.Address);
        await a.ReadAsync("key", static () => "old");
        await a.ReadAsync("tagged", static () => "old", "t");
        await a.ReadAsync("user:42:name", static () => "old");
        await a.ReadAsync("set", static () => "old");
        await a.ReadAsync("read", static () => "old", "r");
        await a.ReadAsync("kept", static () => "kept");
        await _server.KillAsync();
        await Poll.UntilAsync(() => Task.FromResult(a.IsSharing ? "it has not noticed" : null), "the loss is noticed");

        await a.RemoveAsync("key", Node.Token);
        await a.RemoveByTagAsync("t", Node.Token);
        await a.RemoveByPatternAsync("user:*", Node.Token);
        await a.SetAsync("set", "new", CachePolicies.Medium, cancellationToken: Node.Token);
        Assert.Equal("new", await a.FindAsync("set"));
        Assert.Equal("kept", await a.FindAsync("kept")); // as stale

        await _server.RestartAsync(); // with all it had: it was told to keep it
        await Connected(a);
        await Connected(b);
        Assert.Equal("A", await a.ReadAsync("key", static () => "A"));
        Assert.Equal("A", await b.FindAsync("key"));
        Assert.Equal("SOURCE", await b.FindAsync("tagged"));
        Assert.Equal("SOURCE", await b.FindAsync("user:42:name"));
        Assert.NotEqual("old", await b.FindAsync("set"));
        Assert.Equal("kept", await b.FindAsync("kept"));
    }

    [Fact]
    public async Task A_node_never_goes_back_to_what_the_server_had_before_the_outage()
    {
        await using var a = await Node.StartAsync(_server.Address, static o => o.DefaultPolicy = new CachePolicy("default", TimeSpan.FromMinutes(5)) { StaleInOutage = false });
        await a.GetOrCreateAsync("k", static _ => ValueTask.FromResult("old"), cancellationToken: Node.Token);
        await _server.KillAsync();
        await Poll.UntilAsync(() => Task.FromResult(a.IsSharing ? "it has not noticed" : null), "the loss is noticed");

        Assert.Equal("new", await a.GetOrCreateAsync("k", static _ => ValueTask.FromResult("new"), cancellationToken: Node.Token));
        await _server.RestartAsync();
        await Connected(a);

        Assert.Equal("newer", await a.GetOrCreateAsync("k", static _ => ValueTask.FromResult("newer"), cancellationToken: Node.Token));
    }

    [Theory]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task Hits_complete_without_waiting_from_the_first_moment_of_an_outage_to_its_end(string how)
    {
        const int Keys = 100;
        var policy = new CachePolicy { Expiration = TimeSpan.FromMinutes(5), StaleInOutage = true };
        await using var cache = await Node.StartAsync(_server.Address);
        var names = Enumerable.Range(0, Keys).Select(static i => $"k{i}").ToArray();
        foreach (var name in names)
        {
            await HitAsync(name);
        }

        await (how == "killed" ? _server.KillAsync() : _server.PauseAsync());

        // Until the silence is noticed, over the end of the trust that was left, and for a while after both.
        for (var round = 0; cache.IsSharing || cache.GetStatistics().StaleHits < 100 * Keys; round++)
        {
            foreach (var name in names)
            {
                var read = HitAsync(name);
                Assert.True(read.IsCompletedSuccessfully, $"A hit waits in round {round}, after {cache.GetStatistics().StaleHits} stale ones.");
                Assert.Equal(name, await read);
            }

            await Task.Yield();
        }

        Assert.Equal(Keys, cache.GetStatistics().FactoryRuns);

        ValueTask<string> HitAsync(string name) => cache.GetOrCreateAsync(name, name, static (name, _) => ValueTask.FromResult(name), policy, cancellationToken: Node.Token);
    }

    [Fact]
    public async Task A_frozen_server_holds_up_no_hit_and_soon_no_miss()
    {
        await using var cache = await Node.StartAsync(_server.Address, static o => (o.Redis.Timeout, o.Redis.TrustDuration) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1)));
        await cache.ReadAsync("hit", static () => "one");
        await _server.PauseAsync();

        await Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? "it has not noticed" : null), "the silence is noticed");
        var read = cache.ReadAsync("hit", static () => "two");
        Assert.True(read.IsCompletedSuccessfully); // without waiting for anybody
        Assert.Equal("one", await read);
        Assert.Equal("source", await cache.ReadAsync("miss", static () => "source"));

        await _server.ResumeAsync();
        await Connected(cache);
        Assert.Equal("three", await cache.ReadAsync("miss", static () => "three"));
    }

    [Fact]
    public async Task A_server_that_comes_back_empty_is_filled_anew()
    {
        await using var a = await Node.StartAsync(_server.Address);
        await using var b = await Node.StartAsync(_server.Address);
        await a.ReadAsync("k", static () => "one", "t");
        await a.RemoveByTagAsync("u", Node.Token);
        await _server.CommandAsync("FLUSHALL");

        await a.UntilAsync("k", "SOURCE");
        await Connected(a);
        await Connected(b);
        await b.UntilAsync("k", "SOURCE");
        await a.ReadAsync("l", static () => "one", "t");
        await b.ReadAsync("l", static () => "one", "t");
        await a.RemoveByTagAsync("t", Node.Token);
        await b.UntilAsync("l", "SOURCE");
    }

    [Fact, Trait("req", "C-10")]
    public async Task A_confirmed_invalidation_waits_for_a_silent_node_until_its_trust_has_ended()
    {
        var trust = TimeSpan.FromSeconds(1);
        await using var proxy = StallingProxy.Start(_server.Port);
        await using var a = await Node.StartAsync(_server.Address, o => o.Redis.TrustDuration = trust);
        await using var b = await Node.StartAsync(proxy.Address, o => o.Redis.TrustDuration = trust);
        await a.ReadAsync("k", static () => "old");
        await b.FindAsync("k");
        proxy.Stall();
        Assert.True(b.TryGet<string>("k", out _)); // it is silent, and trusts its copy still

        await a.RemoveAsync(["k"], confirmed: true, Node.Token);

        Assert.False(b.TryGet<string>("k", out _));
    }

    [Fact, Trait("req", "C-10")]
    public async Task A_confirmed_invalidation_that_cannot_reach_the_server_says_so_and_is_made_up_for()
    {
        await using var a = await Node.StartAsync(_server.Address);
        await a.ReadAsync("k", static () => "old");
        await _server.KillAsync();

        var error = await Assert.ThrowsAsync<TimeoutException>(async () => await a.RemoveAsync(["k"], confirmed: true, Node.Token));

        Assert.Contains("carried out", error.Message, StringComparison.Ordinal);
        await _server.RestartAsync();
        await Connected(a);
        Assert.Equal("SOURCE", await a.FindAsync("k"));
    }

    [Fact]
    public async Task A_lost_connection_ends_the_trust_in_what_came_before_it()
    {
        await using var a = await Node.StartAsync(_server.Address);
        await a.ReadAsync("k", static () => "old");
        await _server.CommandAsync(client, "KILL", "TYPE", "normal");
        await _server.CommandAsync("SET", "cache:k", "by hand"); // perhaps while nobody tells

        await Poll.UntilAsync(async () => await a.FindAsync("k") == "SOURCE" ? null : "it is the old value", "the change is seen");
    }

    [Fact, Trait("req", "C-10")]
    public async Task A_node_that_invalidates_all_the_time_recovers_all_the_same()
    {
        var log = new LogList();
        await using var a = await Node.StartAsync(_server.Address, logger: log);
        await a.ReadAsync("k", static () => "old", "t");
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Node.Token);
        var busy = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                await a.RemoveByTagAsync("u", CancellationToken.None);
                await a.RemoveAsync("l", CancellationToken.None);
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None); // fewer than the journal remembers by name
            }
        });

        await _server.CommandAsync(client, "KILL", "TYPE", "normal");
        await Poll.UntilAsync(() => Task.FromResult(log.Ids.Contains(TrustLost) ? null : "it has not noticed"), "the loss is noticed");
        await Connected(a);
        await ended.CancelAsync();
        await busy;

        await Poll.UntilAsync(
            async () =>
            {
                await a.RemoveAsync(["k"], confirmed: true, Node.Token); // says so where it cannot be carried out
                return null;
            },
            "an invalidation is confirmed");
        Assert.Equal("SOURCE", await a.FindAsync("k"));
    }

    [Fact]
    public async Task A_value_that_a_full_server_refuses_takes_the_old_one_away_and_costs_no_trust()
    {
        await using var a = await Node.StartAsync(_server.Address);
        await using var b = await Node.StartAsync(_server.Address);
        await a.ReadAsync("k", static () => "old");
        await b.FindAsync("k");
        await a.ReadAsync("other", static () => "other");
        await _server.CommandAsync("CONFIG", "SET", "maxmemory", "1");

        await a.SetAsync("k", "new", CachePolicies.Medium, cancellationToken: Node.Token);

        Assert.True(a.TryGet<string>("other", out _));
        await b.UntilAsync("k", "SOURCE");
        Assert.Equal("SOURCE", await a.FindAsync("k"));
    }

    [Fact]
    public async Task What_the_server_could_not_be_asked_about_is_not_kept_while_it_is_trusted()
    {
        await using var a = await Node.StartAsync(_server.Address, static o => (o.Redis.Timeout, o.Redis.TrustDuration) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30)));
        await a.ReadAsync("known", static () => "known");
        await _server.PauseAsync();
        Assert.Equal("one", await a.ReadAsync("k", static () => "one"));
        await _server.ResumeAsync();

        Assert.True(a.TryGet<string>("known", out _)); // one time-out says nothing of the server
        Assert.False(a.TryGet<string>("k", out _)); // the server would not tell of its changes
    }

    private static Task Connected(Cache cache) => Poll.UntilAsync(() => Task.FromResult(cache.IsSharing ? null : "it is not connected"), "the node is connected");
}
