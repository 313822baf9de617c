using Millrace.Caching.Tests.Remote.Model;
using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote;

/// <summary>What is special to servers without key tracking, whose nodes tell each other of changed keys.</summary>
[Trait("req", "C-05")]
public sealed class UntrackedKeysTests(SharedServers servers)
{
    private const int TrustLost = 1012;

    public static TheoryData<string> Untracked => GarnetServer.IsRequested ? [SharedServers.Untracked, SharedServers.Garnet] : [SharedServers.Untracked];

    [Theory, MemberData(nameof(Untracked))]
    public async Task It_is_said_once_what_a_server_without_tracking_means(string server)
    {
        var log = new LogList();
        await using var started = await TownServer.StartAsync(server);
        await using var a = await Node.StartAsync(started.Address, logger: log);
        await started.CutAsync("normal", then: null);
        await TestKit.Poll.UntilAsync(() => Task.FromResult(log.Ids.Contains(TrustLost) ? null : "it has not noticed"), "the loss is noticed");
        await TestKit.Poll.UntilAsync(() => Task.FromResult(a.IsSharing ? null : "it is not connected"), "the node is connected again");

        Assert.Single(log.Texts, static text => text.Contains("has no key tracking (CLIENT TRACKING)", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Untracked))]
    public async Task What_a_foreign_client_changes_is_seen_when_the_copy_has_expired_and_not_before(string server)
    {
        var prefix = SharedServers.Prefix();
        await using var a = await Node.StartAsync(await servers.AddressAsync(server), o => (o.KeyPrefix, o.Redis.TrustDuration) = (prefix, TimeSpan.FromMinutes(1)));
        var policy = CachePolicies.Medium with { LocalExpiration = TimeSpan.FromSeconds(2) };
        await a.SetAsync("k", "one", policy, cancellationToken: Node.Token);

        await servers.CommandAsync(server, "DEL", prefix + "k");

        Assert.Equal("one", await a.FindAsync("k"));
        await a.UntilAsync("k", "SOURCE");
    }

    [Theory, MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_fill_takes_nobody_s_copy(string server)
    {
        var (prefix, address) = (SharedServers.Prefix(), await servers.AddressAsync(server));
        await using var a = await Node.StartAsync(address, o => o.KeyPrefix = prefix);
        await using var b = await Node.StartAsync(address, o => o.KeyPrefix = prefix);
        await a.ReadAsync("k", static () => "one");
        await b.FindAsync("k");

        await a.HeardAsync();

        Assert.True(b.TryGet<string>("k", out _));
    }

    [Theory, MemberData(nameof(Untracked))]
    public async Task A_node_that_nothing_reaches_serves_what_others_have_changed_no_longer_than_its_trust(string server)
    {
        var trust = TimeSpan.FromSeconds(1);
        await using var started = await TownServer.StartAsync(server);
        await using var proxy = StallingProxy.Start(started.Port);
        await using var a = await Node.StartAsync(started.Address, o => o.Redis.TrustDuration = trust);
        await using var b = await Node.StartAsync(proxy.Address, o => o.Redis.TrustDuration = trust);
        await a.ReadAsync("k", static () => "old");
        await b.FindAsync("k");
        proxy.Stall();
        Assert.True(b.TryGet<string>("k", out _));

        await a.RemoveAsync(["k"], confirmed: true, Node.Token);

        Assert.False(b.TryGet<string>("k", out _));
        Assert.Equal("new", await a.ReadAsync("k", static () => "new"));
        proxy.Resume();
        await b.UntilAsync("k", "new");
    }

    [Theory, MemberData(nameof(Untracked))]
    public async Task A_server_that_was_emptied_is_noticed_although_it_counts_its_messages_anew(string server)
    {
        await using var started = await TownServer.StartAsync(server);
        await using var a = await Node.StartAsync(started.Address, static o => o.Redis.TrustDuration = TimeSpan.FromSeconds(1));
        await using var b = await Node.StartAsync(started.Address, static o => o.Redis.TrustDuration = TimeSpan.FromSeconds(1));
        await a.ReadAsync("k", static () => "one");
        await b.FindAsync("k");

        await started.CommandAsync("FLUSHALL");
        for (var i = 0; i < 20; i++)
        {
            await a.RemoveAsync("other", Node.Token); // more messages than there had been
        }

        await b.UntilAsync("k", "SOURCE", TimeSpan.FromSeconds(30)); // the copy would live for a minute
    }

    [Fact]
    public async Task A_cluster_without_tracking_is_refused_with_the_remedy_and_reads_go_on()
    {
        var log = new LogList();
        await using var cluster = await TestKit.Redis.RedisCluster.StartAsync("--rename-command", "CLIENT", SharedServers.ClientCommand(SharedServers.Untracked));
        await using var cache = await Node.StartAsync(cluster.Nodes[0].Address, logger: log, wait: false);

        await TestKit.Poll.UntilAsync(
            () => Task.FromResult(log.Texts.Any(static text => text.Contains("Use one server, or a cluster of Redis or Valkey.", StringComparison.Ordinal)) ? null : string.Join("; ", log.Texts)),
            "it is said");
        Assert.False(cache.IsSharing);
        Assert.Equal("one", await cache.ReadAsync("k", static () => "one"));
        Assert.Equal("one", await cache.FindAsync("k")); // stale, as in any outage
        await cache.RemoveAsync("k", Node.Token);
        Assert.Equal("two", await cache.ReadAsync("k", static () => "two"));
    }
}
