using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote.Partitioned;

/// <summary>Nodes disagree about the list of servers, or it has changed: keys that stay are shared as ever, those that move are never stale.</summary>
[Trait("req", "C-16")]
public sealed class PartitionLayoutTests : IAsyncLifetime
{
    private static readonly string[] Two = ["a", "b"];
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(1);

    private Partitions _servers = null!;

    public async ValueTask InitializeAsync() => _servers = await Partitions.StartAsync();

    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_two_lists_are_in_use_keys_that_stay_are_shared_and_those_that_move_are_kept_by_nobody(bool isServerAdded)
    {
        var (staying, moving) = (Staying()[0], Moving()[0]);
        await using var old = await NodeAsync(isServerAdded ? Two : Partitions.Names);
        await old.ReadAsync(staying, static () => "old");
        await old.ReadAsync(moving, static () => "old");
        Assert.True(old.TryGet<string>(moving, out _));

        await using var young = await NodeAsync(isServerAdded ? Partitions.Names : Two); // connected means that the other knows of its list

        Assert.False(old.TryGet<string>(moving, out _));
        await young.RemoveAsync([moving], confirmed: true, Node.Token);
        Assert.Equal("fresh", await old.ReadAsync(moving, static () => "fresh")); // stale copies are for outages
        await old.SetAsync(moving, "set", CachePolicies.Medium, cancellationToken: Node.Token);
        Assert.False(old.TryGet<string>(moving, out _));
        Assert.Equal("fresher", await old.ReadAsync(moving, static () => "fresher"));
        Assert.Equal("fresher", await young.ReadAsync(moving, static () => "fresher"));
        Assert.False(young.TryGet<string>(moving, out _));
        var batch = await young.GetManyAsync<string>([moving, staying], Node.Token);
        Assert.Equal([staying], batch.Keys);

        Assert.True(young.TryGet<string>(staying, out var shared));
        Assert.Equal("old", shared);
        await young.RemoveAsync([staying], confirmed: true, Node.Token);
        Assert.False(old.TryGet<string>(staying, out _));
    }

    [Fact]
    public async Task When_the_last_node_with_the_old_list_has_gone_keys_that_have_moved_are_shared()
    {
        var moving = Moving()[0];
        var old = await NodeAsync(Two);
        await old.ReadAsync(moving, static () => "old");
        await using var a = await NodeAsync(Partitions.Names);
        await using var b = await NodeAsync(Partitions.Names);
        await old.DisposeAsync();

        await Poll.UntilAsync(
            async () => await a.ReadAsync(moving, static () => "a") == await b.ReadAsync(moving, static () => "b") ? null : "each has read its source",
            "the key is shared");

        Assert.True(b.TryGet<string>(moving, out _));
        Assert.Equal("1", (await _servers["c"].CommandAsync("EXISTS", "cache:" + moving)).Text);
        await a.RemoveAsync([moving], confirmed: true, Node.Token);
        Assert.False(b.TryGet<string>(moving, out _));
    }

    [Fact]
    public async Task A_list_that_comes_back_brings_no_old_value_back_and_what_stayed_is_there()
    {
        var (staying, moving) = (Staying()[0], Moving()[0]);
        await using (var first = await NodeAsync(Partitions.Names))
        {
            await first.ReadAsync(staying, static () => "kept");
            await first.ReadAsync(moving, static () => "old");
        }

        await using (var second = await NodeAsync(Two))
        {
            Assert.Equal("kept", await second.FindAsync(staying));
            await Poll.UntilAsync(
                async () => await second.ReadAsync(moving, static () => "between") is "between" && second.TryGet<string>(moving, out _) ? null : "it is not",
                "the other list is not in use any more");
            await second.RemoveAsync(moving, Node.Token);
        }

        await using var third = await NodeAsync(Partitions.Names);
        Assert.Equal("1", (await _servers["c"].CommandAsync("EXISTS", "cache:" + moving)).Text); // there it is, still

        await Poll.UntilAsync(
            async () => await third.ReadAsync(Moving()[1], static () => "another") is "another" && third.TryGet<string>(Moving()[1], out _) ? null : "it is not",
            "the other list is not in use any more");
        Assert.Equal("new", await third.ReadAsync(moving, static () => "new"));
        Assert.True(third.TryGet<string>(moving, out _));
        Assert.Equal("kept", await third.FindAsync(staying));
    }

    [Fact]
    public async Task When_all_nodes_start_again_with_the_same_list_all_is_there()
    {
        var keys = _servers.Keys(ofEach: 5);
        await using (var first = await NodeAsync(Partitions.Names))
        {
            foreach (var key in keys)
            {
                await first.ReadAsync(key, static () => "kept");
            }
        }

        await using var second = await NodeAsync(Partitions.Names);
        foreach (var key in keys)
        {
            Assert.Equal("kept", await second.FindAsync(key));
        }
    }

    [Fact]
    public async Task More_lists_than_are_remembered_cost_entries_and_bring_nothing_back()
    {
        var key = Staying()[0];
        await using (var first = await NodeAsync(Partitions.Names))
        {
            await first.ReadAsync(key, static () => "old");
        }

        var server = _servers[Partitions.Of(key, Partitions.Names)];
        for (var i = 0; i < 40; i++)
        {
            await server.CommandAsync("HSET", "{cache:}layouts", $"other{i}", $"0 {TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + 5}");
        }

        await using var second = await NodeAsync(Partitions.Names);

        await Poll.UntilAsync(
            async () => await second.GetOrCreateAsync(key, static _ => ValueTask.FromResult("new"), NoStale, cancellationToken: Node.Token) is "new"
                && second.TryGet<string>(key, out _) ? null : "it is not",
            "the other lists are not in use any more");
        Assert.InRange((await server.CommandAsync("HLEN", "{cache:}layouts")).Number, 2, 16);
    }

    private static CachePolicy NoStale { get; } = new("no stale", TimeSpan.FromMinutes(5)) { StaleInOutage = false };

    private Task<Cache> NodeAsync(string[] names) => _servers.NodeAsync(static options => options.Redis.TrustDuration = Trust, wait: true, names);

    private string[] Staying() => [.. _servers.Keys(ofEach: 20).Where(static key => Partitions.Of(key, Partitions.Names) == Partitions.Of(key, Two))];

    private string[] Moving() => [.. _servers.Keys(ofEach: 20).Where(static key => Partitions.Of(key, Partitions.Names) != Partitions.Of(key, Two))];
}
