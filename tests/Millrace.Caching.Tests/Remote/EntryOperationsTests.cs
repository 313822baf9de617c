using Millrace.Caching.Tests.FailSafe;
using Millrace.Caching.Tests.Remote.Model;
using Millrace.Caching.Tests.Sharing;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Several keys at once, and entries without a source, where several processes share the cache.</summary>
[Trait("req", "C-17")]
public sealed class EntryOperationsTests(SharedServers servers)
{
    private readonly string _prefix = SharedServers.Prefix();

    [Theory, MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task Another_node_sees_existence_expiration_and_a_new_lifetime(string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        await a.SetAsync("k", new string('x', 5000), CachePolicies.Short, ["t"], Node.Token);

        Assert.True(await b.ExistsAsync("k", Node.Token));
        Assert.InRange((await b.GetExpirationAsync("k", Node.Token))!.Value, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5.1));
        Assert.True(await b.TouchAsync("k", TimeSpan.FromHours(1), Node.Token));

        Assert.InRange((await a.GetExpirationAsync("k", Node.Token))!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60.1));
        Assert.Equal(new string('x', 5000), await a.FindAsync("k"));
        Assert.InRange((await servers.CommandAsync(server, "PTTL", _prefix + "k")).Number, 3_500_000, 3_610_000);
        await a.RemoveByTagAsync("t", Node.Token);
        Assert.False(await a.ExistsAsync("k", Node.Token));
        Assert.False(await a.TouchAsync("k", TimeSpan.FromHours(1), Node.Token));
        Assert.Null(await a.GetExpirationAsync("k", Node.Token));
    }

    [Theory, MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task A_new_lifetime_keeps_the_time_that_an_entry_is_kept_for_a_failing_source(string server)
    {
        await using var a = await StartAsync(server);
        await a.SetAsync("k", "one", new CachePolicy { FailSafe = TimeSpan.FromHours(2) }, cancellationToken: Node.Token);

        await a.TouchAsync("k", TimeSpan.FromHours(1), Node.Token);

        Assert.InRange((await servers.CommandAsync(server, "PTTL", _prefix + "k")).Number, 10_700_000, 10_810_000);
    }

    [Theory, InlineData(SharedServers.Redis), InlineData(SharedServers.Untracked)] // Garnet does not count its commands
    public async Task A_hundred_keys_cost_one_command_and_come_from_memory_then(string server)
    {
        await using var started = await TownServer.StartAsync(server); // of its own: what others send would be counted, too
        await using var a = await Node.StartAsync(started.Address);
        await using var b = await Node.StartAsync(started.Address);
        var keys = Enumerable.Range(0, 100).Select(static i => $"k{i}").ToArray();
        await a.SetManyAsync([.. keys.Select(static key => KeyValuePair.Create(key, $"value of {key}"))], CachePolicies.Short, ["t", "u"], Node.Token);
        await a.HeardAsync();
        var before = await CallsAsync(started);

        var found = await b.GetManyAsync<string>([.. keys, "missing"], Node.Token);

        Assert.Equal(100, found.Count);
        Assert.All(found, static pair => Assert.Equal($"value of {pair.Key}", pair.Value));
        var after = await CallsAsync(started);
        Assert.Equal((1, 0, 1), (after.MGet - before.MGet, after.Get - before.Get, after.ZMScore - before.ZMScore));
        Assert.Equal(100, (await b.GetManyAsync<string>(keys, Node.Token)).Count);
        Assert.Equal(after, await CallsAsync(started));
        await a.SetAsync("k7", "changed", CachePolicies.Short, cancellationToken: Node.Token);
        await b.UntilAsync("k7", "changed");
    }

    [Theory, MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task What_the_second_level_has_is_not_asked_of_the_source(string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        await a.SetAsync("k1", "of a", CachePolicies.Short, cancellationToken: Node.Token);
        await a.HeardAsync();
        List<string> asked = [];

        var found = await ManyAsync(b, asked, "k1", "k2", "k3");

        Assert.Equal(["k2", "k3"], asked);
        Assert.Equal(["of a", "k2 read", "k3 read"], found.OrderBy(static pair => pair.Key).Select(static pair => pair.Value));
        Assert.Equal("k2 read", await a.FindAsync("k2"));
        Assert.True(b.TryGet<string>("k1", out _));
    }

    [Theory, Trait("req", "C-03"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task Keys_that_another_process_reads_are_waited_for(string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        var source = new Source();
        var single = a.ReadAsync(source, CachePolicies.Short).AsTask();
        await source.BegunAsync();
        List<string> asked = [];
        var many = ManyAsync(b, asked, "user:1", "user:2").AsTask();
        await b.UntilAsync(static s => s.LeaseWaits >= 1, "it waits");

        source.Answer("single");

        Assert.Equal("single", (await many.WaitAsync(TimeSpan.FromSeconds(5), Node.Token))["user:1"]);
        Assert.Equal(["user:2"], asked);
        Assert.Equal("single", await single);
    }

    [Theory, Trait("req", "C-04"), MemberData(nameof(SharedServers.Levels), MemberType = typeof(SharedServers))]
    public async Task Keys_invalidated_elsewhere_during_the_run_are_stored_nowhere(string server)
    {
        await using var a = await StartAsync(server);
        await using var b = await StartAsync(server);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var many = a.GetOrCreateManyAsync<int, string>(
            ["k1", "k2"],
            0,
            async (_, keys, _) =>
            {
                begun.SetResult();
                await gate.Task;
                return keys.ToDictionary(static key => key, static _ => "old");
            },
            CachePolicies.Short,
            cancellationToken: Node.Token).AsTask();
        await begun.Task;

        await b.RemoveAsync("k1", Node.Token);
        gate.SetResult();
        await many;

        Assert.Equal("SOURCE", await b.FindAsync("k1"));
        Assert.Equal("SOURCE", await a.FindAsync("k1"));
        Assert.Equal("old", await b.FindAsync("k2"));
    }

    private static ValueTask<IReadOnlyDictionary<string, string?>> ManyAsync(Cache cache, List<string> asked, params string[] keys) => cache.GetOrCreateManyAsync(
        keys,
        asked,
        static (asked, keys, _) =>
        {
            asked.AddRange(keys);
            return ValueTask.FromResult<IReadOnlyDictionary<string, string>>(keys.ToDictionary(static key => key, static key => $"{key} read"));
        },
        CachePolicies.Short,
        cancellationToken: Node.Token);

    private async Task<Cache> StartAsync(string server) => await Node.StartAsync(await servers.AddressAsync(server), o => o.KeyPrefix = _prefix);

    private async Task<(long MGet, long Get, long ZMScore)> CallsAsync(TownServer server)
    {
        var lines = (await server.CommandAsync("INFO", "commandstats")).Text!.Split('\n');
        return (Calls("mget"), Calls("get"), Calls("zmscore"));

        long Calls(string command) =>
            lines.FirstOrDefault(line => line.StartsWith($"cmdstat_{command}:calls=", StringComparison.Ordinal)) is { } line
                ? long.Parse(line.Split('=')[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture)
                : 0;
    }
}
