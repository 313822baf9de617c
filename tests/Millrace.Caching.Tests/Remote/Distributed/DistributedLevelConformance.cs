using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching.Tests.Remote.Distributed;

/// <summary>What holds on every IDistributedCache.</summary>
[Trait("req", "C-09")]
public abstract class DistributedLevelConformance : IAsyncLifetime
{
    private static readonly HybridCacheEntryOptions PastLocal = new() { Flags = HybridCacheEntryFlags.DisableLocalCacheRead };

    protected IDistributedCache Store { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }

    [Fact]
    public async Task What_one_process_reads_others_find_in_the_store_and_an_invalidation_takes_it_from_there()
    {
        await using var a = Process();
        await using var b = Process();
        Assert.Equal("one", await a.Cache.ReadAsync("k", static () => "one", "t"));
        Assert.Equal("one", await b.Cache.FindAsync("k"));

        await a.Cache.RemoveAsync("k", Node.Token);
        await using var c = Process();
        Assert.Equal("two", await c.Cache.ReadAsync("k", static () => "two", "t"));

        await c.Cache.RemoveByTagAsync("t", Node.Token);
        Assert.Equal("three", await c.Cache.ReadAsync("k", static () => "three", "t"));
        await using var d = Process();
        Assert.Equal("three", await d.Cache.FindAsync("k"));

        await d.Cache.RemoveByPatternAsync("k*", Node.Token);
        await using var e = Process();
        Assert.Equal("SOURCE", await e.Cache.FindAsync("k"));
        await e.Cache.SetAsync("k", "set", CachePolicies.Medium, ["t"], Node.Token);
        Assert.Equal("set", await e.Cache.FindAsync("k"));
        await using var f = Process();
        Assert.Equal("set", await f.Cache.FindAsync("k"));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("tag")]
    public async Task What_was_read_before_an_invalidation_is_not_stored_after_it(string way)
    {
        await using var a = Process();
        var (reading, goOn, source) = (new TaskCompletionSource(), new TaskCompletionSource(), "old");
        var read = a.Cache.GetOrCreateAsync(
            "k",
            async _ =>
            {
                var value = Volatile.Read(ref source);
                reading.TrySetResult();
                await goOn.Task;
                return value;
            },
            CachePolicies.Medium,
            ["t"],
            Node.Token).AsTask();
        await reading.Task;
        Volatile.Write(ref source, "new");
        await (way == "key" ? a.Cache.RemoveAsync("k", Node.Token) : a.Cache.RemoveByTagAsync("t", Node.Token));
        goOn.SetResult();

        Assert.Equal("new", await read); // it was overtaken, and read again
        await using var b = Process();
        Assert.Equal("new", await b.Cache.FindAsync("k"));
    }

    [Fact]
    public async Task What_is_foreign_or_damaged_counts_as_missing_and_long_keys_are_kept()
    {
        await using var a = Process();
        var key = new string('k', 900);
        await a.Cache.ReadAsync(key, static () => "long");
        await Store.SetAsync("cache:e:k", "<xml/>"u8.ToArray(), new DistributedCacheEntryOptions(), Node.Token);
        await Store.SetAsync("cache:t:t", "not a stamp"u8.ToArray(), new DistributedCacheEntryOptions(), Node.Token);

        await using var b = Process();
        Assert.Equal("long", await b.Cache.FindAsync(key));
        Assert.Equal("SOURCE", await b.Cache.FindAsync("k"));
        Assert.Equal("tagged", await b.Cache.ReadAsync("l", static () => "tagged", "t"));
    }

    [Fact]
    public async Task Expiry_can_be_moved_and_slides()
    {
        await using var a = Process();
        var sliding = new CachePolicy { Expiration = TimeSpan.FromHours(1), SlidingExpiration = TimeSpan.FromMinutes(10) };
        await a.Cache.SetAsync("k", "v", sliding, cancellationToken: Node.Token);
        Assert.Equal("v", await a.Cache.GetOrCreateAsync("k", 0, static (_, _) => ValueTask.FromResult("source"), PastLocal, cancellationToken: Node.Token));
        Assert.True(await a.Cache.TouchAsync("k", TimeSpan.FromMinutes(1), Node.Token));
        Assert.False(await a.Cache.TouchAsync("none", TimeSpan.FromMinutes(1), Node.Token));
    }

    /// <summary>An empty store.</summary>
    protected abstract ValueTask<IDistributedCache> OpenAsync();

    private protected Sharer Process(TimeSpan? timeout = null) => Sharer.Start(Store, redis: null, timeout);
}
