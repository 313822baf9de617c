using Millrace.Caching.Tests.FailSafe;
using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote;

/// <summary>The same on a cluster: what a script touches lies on one slot.</summary>
[Collection("heavy")]
public sealed class StayingUpOnClusterTests : IAsyncLifetime
{
    private RedisCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await RedisCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact, Trait("req", "C-16"), Trait("req", "C-07"), Trait("req", "C-08"), Trait("req", "C-17")]
    public async Task Entries_are_refreshed_kept_for_a_failing_source_retimed_and_read_in_batches()
    {
        await using var a = await Node.StartAsync(_cluster.Nodes[0].Server.Address);
        await using var b = await Node.StartAsync(_cluster.Nodes[1].Server.Address);
        var ahead = new CachePolicy { Expiration = TimeSpan.FromMinutes(5), RefreshAhead = 0.00001 }; // due after 3 ms
        foreach (var key in new[] { "user:1", "user:{7}:name", "{user}:2" })
        {
            await a.SetAsync(key, "old", ahead, cancellationToken: Node.Token);
            await Poll.UntilAsync(
                async () =>
                {
                    await a.GetOrCreateAsync(key, static _ => ValueTask.FromResult("new"), ahead, cancellationToken: Node.Token);
                    return await b.FindAsync(key) is var found && found == "new" ? null : $"it is {found}";
                },
                $"{key} is refreshed, and the other node sees that");
        }

        Assert.True(a.GetStatistics().Refreshes >= 3);

        var safe = new CachePolicy { Expiration = TimeSpan.FromMilliseconds(200), FailSafe = TimeSpan.FromMinutes(5), FailSafeThrottle = TimeSpan.FromMinutes(1) };
        foreach (var key in new[] { "safe:1", "safe:{2}", "braces}that{}make-no-tag" })
        {
            await a.SetAsync(key, "kept", safe, cancellationToken: Node.Token);
            await Poll.UntilAsync(async () => await a.ExistsAsync(key, Node.Token) ? "it is there" : null, "it has expired");
            Assert.Equal("kept", await a.GetOrCreateAsync(key, static _ => ValueTask.FromException<string>(new IOException()), safe, cancellationToken: Node.Token));
        }

        var keys = Enumerable.Range(0, 50).Select(static i => $"many:{i}").ToArray();
        await a.SetManyAsync([.. keys.Select(static key => KeyValuePair.Create(key, key))], CachePolicies.Short, ["t"], Node.Token);
        Assert.Equal(50, (await b.GetManyAsync<string>(keys, Node.Token)).Count);
        Assert.True(await b.TouchAsync("many:3", TimeSpan.FromHours(1), Node.Token));
        Assert.True(await a.GetExpirationAsync("many:3", Node.Token) > TimeSpan.FromMinutes(59));
    }

    [Fact, Trait("req", "C-16")]
    public async Task The_lease_beside_an_entry_lies_on_its_slot()
    {
        var names = new Millrace.Caching.Remote.Redis.RedisNames("cache:");
        foreach (var key in new[] { "user:1", "user:{7}:name", "{user}:2", "open{only", "{}", "é{ü}" })
        {
            if (names.RefreshOf(key) is { } beside)
            {
                Assert.Equal(await _cluster.SlotOfAsync(names.Of(key).ToString()), await _cluster.SlotOfAsync(beside.ToString()));
            }
        }

        Assert.Null(names.RefreshOf("a}b"));
        Assert.NotNull(names.RefreshOf("open{only"));
    }
}
