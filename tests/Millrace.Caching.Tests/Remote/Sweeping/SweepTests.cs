using System.Diagnostics;
using System.Globalization;
using Millrace.Caching.Tests.Remote.Partitioned;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote.Sweeping;

/// <summary>What invalidations cover in Redis goes, in the background and at a bounded rate, and nothing else does.</summary>
[Trait("req", "C-10")]
public sealed class SweepTests : IAsyncLifetime
{
    private const int Fast = 1_000_000; // one page for every table here

    private RedisServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("tag")]
    [InlineData("pattern")]
    [InlineData("everything")]
    public async Task What_an_invalidation_covers_goes_and_what_it_does_not_stays(string what)
    {
        await using var cache = await StartAsync(Fast);
        for (var i = 0; i < 50; i++)
        {
            await cache.ReadAsync($"old:{i}", static () => "old", "t", "another");
            if (what != "everything")
            {
                await cache.ReadAsync($"kept:{i}", static () => "kept", "u", "another");
            }
        }

        await _server.CommandAsync("SET", "cache:by hand", "stays");
        await _server.CommandAsync("HSET", "cache:of another kind", "f", "stays");
        await _server.CommandAsync("SET", "other:old:1", "stays");
        await (what switch
        {
            "tag" => cache.RemoveByTagAsync("t", Node.Token),
            "pattern" => cache.RemoveByPatternAsync("old:*", Node.Token),
            _ => cache.InvalidateAllAsync(Node.Token),
        });
        if (what == "everything")
        {
            for (var i = 0; i < 50; i++)
            {
                await cache.ReadAsync($"kept:{i}", static () => "kept");
            }
        }

        await SweptAsync(cache, 1);

        Assert.Equal(50, cache.GetStatistics().SweptEntries);
        Assert.InRange(cache.GetStatistics().SweepReads, 100, 200); // SCAN may give a key twice
        Assert.Equal(0, await CountAsync("old:"));
        Assert.Equal(50, await CountAsync("kept:"));
        Assert.Equal("stays", (await _server.CommandAsync("GET", "cache:by hand")).Text);
        Assert.Equal("stays", (await _server.CommandAsync("HGET", "cache:of another kind", "f")).Text);
        Assert.Equal("stays", (await _server.CommandAsync("GET", "other:old:1")).Text);
    }

    [Fact]
    public async Task An_entry_with_more_tags_than_the_first_look_takes_in_is_known_by_its_last()
    {
        await using var cache = await StartAsync(Fast);
        await cache.ReadAsync("k", static () => "old", [.. Enumerable.Range(0, 20).Select(static i => $"{i}{new string('x', 100)}"), "last"]);
        await cache.ReadAsync("kept", static () => "kept", [.. Enumerable.Range(0, 20).Select(static i => $"{i}{new string('x', 100)}")]);

        await cache.RemoveByTagAsync("last", Node.Token);

        await SweptAsync(cache, 1);
        Assert.Equal("01", (await _server.CommandAsync("EXISTS", "cache:k")).Text + (await _server.CommandAsync("EXISTS", "cache:kept")).Text);
    }

    [Fact]
    public async Task There_is_a_sweep_after_an_invalidation_and_none_without()
    {
        await using var cache = await StartAsync(Fast);
        await using var off = await StartAsync(0, "off:");
        await using var other = await StartAsync(Fast, "other:");
        await cache.ReadAsync("k", static () => "old", "t");
        await cache.RemoveAsync("k", Node.Token); // leaves nothing
        await off.ReadAsync("k", static () => "old", "t");
        await off.RemoveByTagAsync("t", Node.Token); // must not sweep
        await other.RemoveByTagAsync("t", Node.Token);
        await SweptAsync(other, 1);
        Assert.Equal(1, await CallsAsync("scan"));

        await other.RemoveByTagAsync("t", Node.Token); // a clock: meanwhile the others had as much time as a sweep takes
        await SweptAsync(other, 2);

        Assert.Equal(2, await CallsAsync("scan"));
        Assert.Equal(0, cache.GetStatistics().Sweeps + off.GetStatistics().Sweeps);
        Assert.Equal("1", (await _server.CommandAsync("EXISTS", "off:k")).Text);
        Assert.Equal(0, await CallsAsync("keys")); // nor by anybody's script
    }

    [Fact]
    public async Task One_of_all_nodes_sweeps()
    {
        var nodes = new List<Cache>();
        for (var i = 0; i < 4; i++)
        {
            nodes.Add(await StartAsync(Fast));
        }

        await using var other = await StartAsync(Fast, "other:");
        await nodes[0].RemoveByTagAsync("t", Node.Token);
        await Poll.UntilAsync(() => Task.FromResult(nodes.Sum(static node => node.GetStatistics().Sweeps) > 0 ? null : "nobody has"), "a node has swept");
        await other.RemoveByTagAsync("t", Node.Token); // a clock, as above
        await SweptAsync(other, 1);

        Assert.Equal(1, nodes.Sum(static node => node.GetStatistics().Sweeps));
        Assert.Equal(2, await CallsAsync("scan"));
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_turn_of_a_node_that_has_died_ends_by_itself()
    {
        await using var cache = await StartAsync(Fast);
        await cache.ReadAsync("k", static () => "old", "t");
        await _server.CommandAsync("SET", "{cache:}sweeper", "a node that is gone", "PX", "3000");

        await cache.RemoveByTagAsync("t", Node.Token);
        await SweptAsync(cache, 1);

        Assert.Equal(0, await CountAsync("k"));
        Assert.Equal("0", (await _server.CommandAsync("EXISTS", "{cache:}sweeper")).Text);
    }

    [Fact]
    public async Task No_more_keys_are_looked_at_in_a_second_than_the_option_says()
    {
        const int Keys = 3_000;
        const int Rate = 1_000;
        await using var cache = await StartAsync(Rate);
        await _server.CommandAsync("DEBUG", "POPULATE", $"{Keys}", "others"); // they are looked at too, though none of them matches

        var began = Stopwatch.GetTimestamp();
        await cache.RemoveByTagAsync("t", Node.Token);
        await SweptAsync(cache, 1);
        var took = Stopwatch.GetElapsedTime(began);

        var scans = await CallsAsync("scan");
        Assert.InRange(scans, Keys / (Rate / 10) / 2, Keys / (Rate / 10) * 3); // pages of a tenth of a second, about
        Assert.True(took >= TimeSpan.FromSeconds((scans - 1) * 0.1 * 0.99), $"{scans} pages took {took}.");
    }

    [Fact]
    public async Task A_value_that_takes_an_invalidated_ones_place_while_it_is_swept_stays()
    {
        const int Keys = 20;
        await using var proxy = DelayingProxy.Start(_server.Port);
        await using var reader = await StartAsync(0);
        await using var sweeper = await StartAsync(Fast, address: proxy.Address);
        for (var i = 0; i < Keys; i++)
        {
            await reader.ReadAsync($"k{i}", static () => "old", "t");
        }

        await reader.RemoveByTagAsync("t", Node.Token);
        proxy.Delay = TimeSpan.FromMilliseconds(150); // what it reads is on its way for so long, and so is what it says then
        await Poll.UntilAsync(async () => await CallsAsync("getrange") > 0 ? null : "it has read nothing", "the sweeper reads");
        for (var i = 0; i < Keys; i++)
        {
            Assert.Equal("new", await reader.ReadAsync($"k{i}", static () => "new", "t"));
        }

        await SweptAsync(sweeper, 1);
        Assert.Equal(Keys, await CountAsync("k"));
        Assert.True(await CallsAsync("getrange") > Keys); // it was about to
        Assert.True(sweeper.GetStatistics().SweptEntries < Keys);
    }

    [Fact]
    public async Task Values_that_are_replaced_all_the_time_are_never_swept()
    {
        const int Keys = 200;
        await using var cache = await StartAsync(Fast);
        for (var round = 0; cache.GetStatistics().Sweeps < 4; round++)
        {
            await cache.RemoveByTagAsync("t", Node.Token);
            await Task.WhenAll(Enumerable.Range(0, Keys).Select(i => cache.ReadAsync($"k{i}", () => $"{round}", "t").AsTask()));
            Assert.Equal(Keys, await CountAsync("k"));
        }
    }

    [Fact, Trait("req", "C-16")]
    public async Task Each_of_several_servers_is_swept()
    {
        await using var servers = await Partitions.StartAsync();
        await using var cache = await servers.NodeAsync(static options => options.Redis.SweepKeysPerSecond = Fast);
        var keys = servers.Keys(ofEach: 5);
        foreach (var key in keys)
        {
            await cache.ReadAsync(key, static () => "old", "t");
        }

        await cache.RemoveByTagAsync("t", Node.Token);
        await SweptAsync(cache, Partitions.Names.Length);

        Assert.Equal(keys.Length, cache.GetStatistics().SweptEntries);
        foreach (var key in keys)
        {
            Assert.Equal("0", (await servers[servers.Of(key)].CommandAsync("EXISTS", "cache:" + key)).Text);
        }
    }

    private static Task SweptAsync(Cache cache, int sweeps) =>
        Poll.UntilAsync(() => Task.FromResult(cache.GetStatistics().Sweeps >= sweeps ? null : "not yet"), $"it has swept {sweeps} times");

    private Task<Cache> StartAsync(int rate, string? prefix = null, string? address = null) => Node.StartAsync(
        address ?? _server.Address,
        options =>
        {
            options.KeyPrefix = prefix;
            options.Redis.SweepKeysPerSecond = rate;
        });

    private async Task<int> CountAsync(string beginning)
    {
        return (int)(await _server.CommandAsync("EVAL", "return #redis.call('KEYS', ARGV[1])", "0", $"cache:{beginning}*")).Number;
    }

    /// <summary>How often the server was asked for something, by scripts too.</summary>
    private async Task<int> CallsAsync(string command)
    {
        var fields = await _server.InfoAsync("commandstats");
        return fields.TryGetValue("cmdstat_" + command, out var text) ? int.Parse(text.Split('=', ',')[1], CultureInfo.InvariantCulture) : 0;
    }
}
