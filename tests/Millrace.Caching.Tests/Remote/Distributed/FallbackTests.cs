using Millrace.TestKit;
using Millrace.TestKit.Redis;

namespace Millrace.Caching.Tests.Remote.Distributed;

/// <summary>Redis is shared; while it is away, a distributed cache is.</summary>
[Trait("req", "C-09")]
public sealed class FallbackTests : IAsyncLifetime
{
    private readonly TroubledStore _store = new();
    private RedisServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync(new RedisServerSetup { Arguments = ["--appendonly", "yes", "--appendfsync", "always"] });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task While_Redis_is_away_processes_share_the_store_and_nothing_of_it_is_left_when_it_is_back()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        Assert.Equal("redis", await ReadAsync(a, "k", "redis"));
        Assert.Equal("redis", await ReadAsync(b, "k", "?"));
        Assert.Equal(0, _store.Calls);
        await _server.KillAsync();
        await AwayAsync(a);
        await AwayAsync(b);

        // What is stored in the first second counts for nothing, because clocks may differ by as much.
        await Poll.UntilAsync(
            async () => await ReadAsync(a, "k", "a's own") == await ReadAsync(b, "k", "b's own") ? null : "each has read its source",
            "the store is shared");
        await a.Cache.RemoveAsync("k", Node.Token);
        Assert.Equal("later", await ReadAsync(a, "k", "later"));
        await a.Cache.RemoveByTagAsync("t", Node.Token);
        Assert.Equal("latest", await ReadAsync(a, "k", "latest"));

        await _server.RestartAsync(); // with what it had
        await BackAsync(a);
        await BackAsync(b);
        Assert.Equal("back", await ReadAsync(a, "k", "back")); // neither Redis' old value nor the store's
        Assert.Equal("back", await ReadAsync(b, "k", "?"));
    }

    [Fact]
    public async Task What_the_store_has_from_an_earlier_outage_is_not_served_in_a_later_one()
    {
        await using var a = await StartAsync();
        await _server.KillAsync();
        await AwayAsync(a);
        await Poll.UntilAsync(
            async () =>
            {
                await ReadAsync(a, "k", "first");
                return await ReadAsync(a, "k", "source") == "first" ? null : "not stored yet";
            },
            "the store is used");
        await _server.RestartAsync();
        await BackAsync(a);
        await ReadAsync(a, "k", "between");
        await _server.KillAsync();
        await AwayAsync(a);

        Assert.Equal("second", await ReadAsync(a, "k", "second"));
    }

    [Fact]
    public async Task With_both_away_reads_go_to_the_source()
    {
        await using var a = await StartAsync();
        await _server.KillAsync();
        await AwayAsync(a);
        _store.Fails = true;

        Assert.Equal("one", await ReadAsync(a, "k", "one"));
        Assert.Equal("two", await ReadAsync(a, "l", "two"));
    }

    private static ValueTask<string> ReadAsync(Sharer process, string key, string source) =>
        process.Cache.GetOrCreateAsync(
            key, source, static (source, _) => ValueTask.FromResult(source), new CachePolicy { StaleInOutage = false, LocalExpiration = TimeSpan.FromMilliseconds(20) }, ["t"], Node.Token);

    private static Task AwayAsync(Sharer process) =>
        Poll.UntilAsync(() => Task.FromResult(process.Cache.IsSharing ? "it has not noticed" : null), "the loss is noticed");

    private static Task BackAsync(Sharer process) =>
        Poll.UntilAsync(() => Task.FromResult(process.Cache.IsSharing ? null : "it is not connected"), "Redis is used");

    private async Task<Sharer> StartAsync()
    {
        var process = Sharer.Start(_store, _server.Address);
        await BackAsync(process);
        return process;
    }
}
