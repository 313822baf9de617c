using Millrace.Caching.Tests.FailSafe;
using Millrace.Caching.Tests.Sharing;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Sources that fail and entries that are refreshed, where several processes share the cache.</summary>
public sealed class StayingUpTests(SharedServers servers)
{
    private static readonly CachePolicy Safe = new("safe", TimeSpan.FromMilliseconds(300)) { FailSafe = TimeSpan.FromMinutes(5), FailSafeThrottle = TimeSpan.FromMinutes(1) };
    private static readonly CachePolicy Ahead = new("ahead", TimeSpan.FromMinutes(5)) { RefreshAhead = 0.001 }; // due after 300 ms

    private readonly string _prefix = SharedServers.Prefix();

    /// <summary>What invalidates on each server; what foreign clients do only where the server tells of it.</summary>
    public static TheoryData<string, string> Ways(bool withSet) =>
    [
        .. from server in SharedServers.Levels
           from how in (string[])["key", "tag", "pattern", "everything", .. withSet ? (string[])["set"] : [], .. server.Data == SharedServers.Redis ? (string[])["by hand"] : []]
           select (how, server.Data),
    ];

    [Theory, Trait("req", "C-08"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_process_that_never_read_a_key_serves_what_another_one_has_left(string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        await a.GivenAsync("good", Safe, "t");
        await ExpiredAsync(b);

        Assert.Equal("good", await b.FailingAsync(Safe, failure: null, "t"));

        Assert.Equal(1, b.GetStatistics().StaleHits);
        Assert.False(b.TryGet<string>("user:1", out _));
    }

    [Theory, Trait("req", "C-08"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task One_process_s_failure_keeps_the_others_from_the_source(string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        await a.GivenAsync("good", Safe);
        await ExpiredAsync(a);
        Assert.Equal("good", await a.FailingAsync(Safe));
        Assert.Equal(1, a.GetStatistics().FactoryErrors);

        Assert.Equal("good", await b.GivenAsync("new", Safe));
        Assert.Equal("good", await b.GivenAsync("new", Safe));

        Assert.Equal(0, b.GetStatistics().FactoryRuns);
        Assert.Equal(2, b.GetStatistics().StaleHits);
    }

    [Theory, Trait("req", "C-08"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task Who_waits_for_another_process_hears_that_its_source_has_failed(string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        var source = new Source();
        await a.GivenAsync("good", Safe);
        await ExpiredAsync(a);
        var first = a.ReadAsync(source, Safe).AsTask();
        await source.BegunAsync();
        var second = b.GivenAsync("new", Safe).AsTask();
        await b.UntilAsync(static s => s.LeaseWaits >= 1, "the other one waits");

        source.Fail(new IOException("the source is away"));

        Assert.Equal("good", await first);
        Assert.Equal("good", await second.WaitAsync(TimeSpan.FromSeconds(5), Node.Token)); // long before the lease ends
        Assert.Equal(0, b.GetStatistics().FactoryRuns);
    }

    [Theory, Trait("req", "C-08"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_source_that_answers_again_replaces_what_was_kept_on_every_node(string server)
    {
        var policy = Safe with { FailSafeThrottle = TimeSpan.FromMilliseconds(200) };
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        await a.GivenAsync("good", policy);
        await ExpiredAsync(a);
        Assert.Equal("good", await a.FailingAsync(policy));
        Assert.Equal("good", await b.GivenAsync("new", policy));

        await Poll.UntilAsync(async () => await a.GivenAsync("new", policy with { Expiration = TimeSpan.FromMinutes(5) }) is "new" ? null : "it is the old one", "the source is asked again");

        await Poll.UntilAsync(async () => await b.GivenAsync("other", policy) is "new" ? null : "it is not the new one", "the other node has it");
    }

    [Theory, Trait("req", "C-08"), MemberData(nameof(Ways), false)]
    public async Task What_was_invalidated_elsewhere_is_never_served(string how, string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        await a.GivenAsync("good", Safe, "t");
        await b.GivenAsync("good", Safe, "t");
        await ExpiredAsync(b);

        await InvalidateAsync(a, how, server);

        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    return $"it got {await b.FailingAsync(Safe with { FailSafeThrottle = TimeSpan.FromMilliseconds(1) }, failure: null, "t")}";
                }
                catch (IOException)
                {
                    return null;
                }
            },
            "the other node does not serve it");
        await using var late = await StartAsync(server);
        await Assert.ThrowsAsync<IOException>(async () => await late.FailingAsync(Safe, failure: null, "t"));
    }

    [Theory, Trait("req", "C-07"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task Of_several_processes_one_refreshes_an_entry_and_no_reader_waits(string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        var source = new Source();
        await a.GivenAsync("old", Ahead);
        await b.GivenAsync("other", Ahead);
        await DueAsync();

        Assert.Equal("old", await a.ReadAsync(source, Ahead));
        await source.BegunAsync();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("old", await a.ReadAsync(source, Ahead));
            var read = b.ReadAsync(source, Ahead);
            Assert.True(read.IsCompletedSuccessfully);
            Assert.Equal("old", await read);
        }

        await b.UntilAsync(static s => s.Flights == 0, "the other one has seen that it is not needed");
        source.Answer("new");

        await a.UntilAsync(static s => s.Refreshes == 1, "it is refreshed");
        await Poll.UntilAsync(async () => await b.GivenAsync("other", Ahead) is "new" ? null : "it is the old one", "the other node has it");
        Assert.Equal(1, source.Runs);
        Assert.Equal(0, b.GetStatistics().FactoryRuns);
    }

    [Theory, Trait("req", "C-04"), MemberData(nameof(Ways), true)]
    public async Task A_refresh_that_began_before_an_invalidation_on_another_node_is_stored_nowhere(string how, string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        var source = new Source();
        await a.GivenAsync("old", Ahead, "t");
        await DueAsync();
        await a.ReadAsync(source, Ahead, "t");
        await source.BegunAsync();

        await InvalidateAsync(b, how, server);
        source.Answer("read before the invalidation");
        await a.UntilAsync(static s => s.Flights == 0, "it has ended");

        var expected = how == "set" ? "set" : "fresh";
        Assert.Equal(expected, await b.GivenAsync("fresh", Ahead, "t"));
        await Poll.UntilAsync(async () => await a.GivenAsync("fresh", Ahead, "t") == expected ? null : "it is another", "the refreshing node has the right one");
    }

    [Theory, Trait("req", "C-04"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_seeded_storm_of_refreshes_and_invalidations_on_two_nodes_never_goes_back(string server)
    {
        // The source counts up and is "committed" before the invalidation; a confirmed invalidation has returned when its number is noted. No read that
        // begins after that may give less.
        var policy = new CachePolicy { Expiration = TimeSpan.FromSeconds(30), RefreshAhead = 0.0001 }; // due after 3 ms: nearly every read begins a refresh
        await using var a = await StartAsync(server, policy);
        await using var b = await StartAsync(server, policy);
        long committed = 0, noted = 0;
        using var stop = new CancellationTokenSource();
        Func<Cache, Task<long?>>[] ways =
        [
            async node => await node.GetOrCreateAsync("n", async _ => await SourceAsync(), policy, ["t"], Node.Token),
            async node => (await node.GetManyAsync<long>(["n", "other"], Node.Token)).TryGetValue("n", out var found) ? found : null,
            async node => (await node.GetOrCreateManyAsync<int, long>(
                ["n"], 0, async (_, keys, _) => new Dictionary<string, long> { [keys[0]] = await SourceAsync() }, policy, ["t"], Node.Token))["n"],
        ];
        var readers = new[] { a, b, a, b, a, b }.Select((node, i) => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var least = Volatile.Read(ref noted);
                var read = await ways[i / 2](node);
                Assert.True(read is null || read >= least, $"way {i / 2} read {read} after {least} was confirmed");
                await Task.Yield();
            }
        }, Node.Token)).ToArray();

        async Task<long> SourceAsync()
        {
            var value = Volatile.Read(ref committed);
            await Task.Yield();
            return value;
        }

        var chance = new Random(20260101);
        for (var i = 1; i <= 150; i++)
        {
            var value = Interlocked.Increment(ref committed);
            var node = chance.Next(2) == 0 ? a : b;
            await (chance.Next(3) switch
            {
                0 => node.RemoveAsync(["n"], confirmed: true, Node.Token),
                1 => node.RemoveByTagAsync(["t"], confirmed: true, Node.Token),
                _ => node.RemoveByPatternAsync("n*", confirmed: true, Node.Token),
            });
            Volatile.Write(ref noted, value);
            if (chance.Next(4) == 0)
            {
                var refreshes = Refreshes();
                await Poll.UntilAsync(() => Task.FromResult(Refreshes() > refreshes ? null : "nothing is refreshed"), "refreshes are under way");
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.True(Refreshes() > 0, $"nothing was refreshed: {a.GetStatistics()} {b.GetStatistics()}");

        long Refreshes() => a.GetStatistics().Refreshes + b.GetStatistics().Refreshes;
    }

    private async Task<Cache> StartAsync(string server, CachePolicy? policy = null) => await Node.StartAsync(await servers.AddressAsync(server), o =>
    {
        o.KeyPrefix = _prefix;
        o.Redis.Timeout = TimeSpan.FromSeconds(10); // a busy machine is no outage
        o.DefaultPolicy = policy ?? o.DefaultPolicy;
    });

    private async Task InvalidateAsync(Cache node, string how, string server) => await (how switch
    {
        "key" => node.RemoveAsync("user:1", Node.Token),
        "tag" => node.RemoveByTagAsync("t", Node.Token),
        "pattern" => node.RemoveByPatternAsync("user:*", Node.Token),
        "everything" => node.InvalidateAllAsync(Node.Token),
        "set" => node.SetAsync("user:1", "set", Ahead, ["t"], Node.Token),
        _ => new ValueTask(servers.CommandAsync(server, "DEL", _prefix + "user:1")),
    });

    /// <summary>Waits until the entry has expired for good: a node takes the server to be ahead by what a question takes, so that it may come back for a moment after a slow one.</summary>
    private static async Task ExpiredAsync(Cache node)
    {
        await Poll.UntilAsync(async () => await node.ExistsAsync("user:1", Node.Token) ? "it is there" : null, "the entry has expired");
        await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, Node.Token);
        Assert.False(await node.ExistsAsync("user:1", Node.Token));
    }

    private async Task DueAsync()
    {
        var stamped = TimeProvider.System.GetUtcNow();
        await Poll.UntilAsync(
            () => Task.FromResult(TimeProvider.System.GetUtcNow() - stamped > TimeSpan.FromMilliseconds(350) ? null : "not yet"), "the entry is due to be refreshed");
    }
}
