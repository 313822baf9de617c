using System.Globalization;
using System.Text.RegularExpressions;

namespace Millrace.Caching.Tests.Remote.Partitioned;

/// <summary>What nodes see of each other that share several servers.</summary>
[Trait("req", "C-16")]
public sealed partial class PartitionSharingTests : IAsyncLifetime
{
    private readonly CachePolicy _policy = CachePolicies.Medium;
    private Partitions _servers = null!;

    public async ValueTask InitializeAsync() => _servers = await Partitions.StartAsync();

    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    [Fact]
    public async Task Each_key_is_on_the_server_that_its_hash_names_and_there_the_other_node_finds_it()
    {
        await using var a = await _servers.NodeAsync();
        await using var b = await _servers.NodeAsync();
        var keys = _servers.Keys(ofEach: 10);
        foreach (var key in keys)
        {
            await a.ReadAsync(key, () => "of " + key);
        }

        foreach (var key in keys)
        {
            foreach (var name in Partitions.Names)
            {
                Assert.Equal(name == _servers.Of(key) ? "1" : "0", (await _servers[name].CommandAsync("EXISTS", "cache:" + key)).Text);
            }

            Assert.Equal("of " + key, await b.FindAsync(key));
        }

        Assert.Equal(keys.Length, b.GetStatistics().RemoteHits);
    }

    [Theory, Trait("req", "C-10")]
    [InlineData("tag")]
    [InlineData("pattern")]
    [InlineData("everything")]
    [InlineData("keys")]
    public async Task A_confirmed_invalidation_reaches_every_server_and_every_node(string what)
    {
        await using var a = await _servers.NodeAsync();
        await using var b = await _servers.NodeAsync();
        var keys = _servers.Keys(ofEach: 5);
        foreach (var key in keys)
        {
            await a.ReadAsync(key, static () => "old", "t");
            Assert.Equal("old", await b.FindAsync(key));
        }

        await a.HeardAsync();
        Assert.All(keys, key => Assert.True(b.TryGet<string>(key, out _)));
        await (what switch
        {
            "tag" => a.RemoveByTagAsync(["t"], confirmed: true, Node.Token),
            "pattern" => a.RemoveByPatternAsync("k*", confirmed: true, Node.Token),
            "everything" => a.InvalidateAllAsync(confirmed: true, Node.Token),
            _ => a.RemoveAsync(keys, confirmed: true, Node.Token),
        });

        Assert.All(keys, key => Assert.False(a.TryGet<string>(key, out _)));
        Assert.All(keys, key => Assert.False(b.TryGet<string>(key, out _)));
        await using var late = await _servers.NodeAsync(); // and whoever knows only what the servers have
        foreach (var key in keys)
        {
            Assert.Equal("new", await late.ReadAsync(key, static () => "new", "t"));
            Assert.Equal("new", await b.FindAsync(key));
        }
    }

    [Fact]
    public async Task A_batch_asks_each_server_once_and_the_source_once()
    {
        await using var a = await _servers.NodeAsync();
        await using var b = await _servers.NodeAsync();
        var keys = _servers.Keys(ofEach: 20);
        await a.SetManyAsync(keys.Take(40).ToDictionary(static key => key, static key => "set " + key), _policy, cancellationToken: Node.Token);
        foreach (var name in Partitions.Names)
        {
            await _servers[name].CommandAsync("CONFIG", "RESETSTAT");
        }

        var runs = new List<int>();
        var found = await b.GetOrCreateManyAsync(
            keys,
            runs,
            static (runs, missing, _) =>
            {
                runs.Add(missing.Count);
                return ValueTask.FromResult<IReadOnlyDictionary<string, string>>(missing.ToDictionary(static key => key, static key => "read " + key));
            },
            _policy,
            cancellationToken: Node.Token);

        Assert.Equal([20], runs);
        Assert.All(keys, key => Assert.EndsWith(key, found[key], StringComparison.Ordinal));
        Assert.Equal(40, found.Values.Count(static value => value!.StartsWith("set ", StringComparison.Ordinal)));
        foreach (var name in Partitions.Names)
        {
            Assert.Equal(1, await CallsAsync(name, "mget"));
        }

        Assert.Equal(found, await a.GetManyAsync<string>(keys, Node.Token));
    }

    [Fact]
    public async Task A_value_written_through_is_kept_unless_its_tag_was_invalidated_meanwhile()
    {
        await using var a = await _servers.NodeAsync();
        await using var b = await _servers.NodeAsync();
        foreach (var key in _servers.Keys(ofEach: 2))
        {
            await a.SetThroughAsync(key, "kept", static (_, _) => default, _policy, ["of " + key], Node.Token);
            Assert.Equal("kept", await b.FindAsync(key));

            await a.SetThroughAsync(key, "overtaken", async (_, _) => await b.RemoveByTagAsync(["of " + key], confirmed: true, Node.Token), _policy, ["of " + key], Node.Token);
            Assert.Equal("SOURCE", await b.FindAsync(key));
        }
    }

    [Fact]
    public async Task An_entry_can_be_asked_for_its_time_and_given_another()
    {
        await using var a = await _servers.NodeAsync();
        await using var b = await _servers.NodeAsync();
        foreach (var key in _servers.Keys(ofEach: 2))
        {
            await a.ReadAsync(key, static () => "one");

            Assert.True(await b.ExistsAsync(key, Node.Token));
            Assert.True(await b.TouchAsync(key, TimeSpan.FromHours(3), Node.Token));

            // Nodes take the server's time from their own last round trips, which differ by milliseconds.
            Assert.InRange((await a.GetExpirationAsync(key, Node.Token))!.Value, TimeSpan.FromHours(2.9), TimeSpan.FromHours(3) + TimeSpan.FromSeconds(1));
        }
    }

    private async Task<int> CallsAsync(string name, string command)
    {
        var text = (await _servers[name].CommandAsync("INFO", "commandstats")).Text;
        return Calls().Matches(text!).Where(match => match.Groups[1].Value == command).Sum(static match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"cmdstat_(\w+):calls=(\d+)", RegexOptions.None, 1000)]
    private static partial Regex Calls();
}
