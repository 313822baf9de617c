using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote.Distributed;

/// <summary>Any IDistributedCache as the second level, and as the one to fall back to while Redis is away.</summary>
[Trait("req", "C-09")]
public sealed class DistributedLevelTests
{
    private static readonly HybridCacheEntryOptions PastLocal = new() { Flags = HybridCacheEntryFlags.DisableLocalCacheRead };

    private readonly TroubledStore _store = new();

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
    public async Task A_store_that_fails_or_is_silent_fails_and_holds_up_no_read_and_what_is_owed_is_paid()
    {
        await using var a = Process(TimeSpan.FromMilliseconds(50));
        await using var b = Process();
        await a.Cache.ReadAsync("k", static () => "old", "t");
        await b.Cache.FindAsync("k");
        _store.IsSilent = true;
        Assert.Equal("one", await a.Cache.ReadAsync("other", static () => "one"));
        _store.IsSilent = false;
        _store.Fails = true;
        await a.Cache.RemoveAsync("k", Node.Token);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("two", await a.Cache.GetOrCreateAsync($"k{i}", static _ => ValueTask.FromResult("two"), CachePolicies.Medium, cancellationToken: Node.Token));
        }

        var calls = _store.Calls;
        await a.Cache.ReadAsync("spared", static () => "three");
        Assert.Equal(calls, _store.Calls); // it is left alone for a while
        _store.Fails = false;
        await Poll.UntilAsync(() => Task.FromResult(a.Cache.IsSharing ? null : "it is not used again"), "the store is used again");

        Assert.Equal("new", await a.Cache.ReadAsync("k", static () => "new", "t")); // and not what was there
    }

    [Fact]
    public async Task Confirmed_invalidations_say_that_they_cannot_be()
    {
        await using var a = Process();
        await a.Cache.ReadAsync("k", static () => "old");

        await Assert.ThrowsAsync<NotSupportedException>(async () => await a.Cache.RemoveAsync(["k"], confirmed: true, Node.Token));

        Assert.Equal("new", await a.Cache.ReadAsync("k", static () => "new"));
    }

    [Fact]
    public async Task What_is_foreign_or_damaged_counts_as_missing_and_long_keys_are_kept()
    {
        await using var a = Process();
        var key = new string('k', 900);
        await a.Cache.ReadAsync(key, static () => "long");
        await _store.SetAsync("cache:e:k", "<xml/>"u8.ToArray(), new DistributedCacheEntryOptions(), Node.Token);
        await _store.SetAsync("cache:t:t", "not a stamp"u8.ToArray(), new DistributedCacheEntryOptions(), Node.Token);

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

    [Fact]
    public async Task Millraces_own_is_refused_and_a_missing_one_is_named()
    {
        var services = new ServiceCollection();
        services.AddMillraceDistributedCache();
        services.AddMillraceCache().UseDistributedCache();
        await using var own = services.BuildServiceProvider();
        Assert.Contains("UseRedis", Assert.Throws<InvalidOperationException>(own.GetRequiredService<Cache>).Message, StringComparison.Ordinal);

        services = new ServiceCollection();
        services.AddMillraceCache().UseDistributedCache();
        await using var none = services.BuildServiceProvider();
        Assert.Contains("IDistributedCache", Assert.Throws<InvalidOperationException>(none.GetRequiredService<Cache>).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => services.AddMillraceCache("other").UseDistributedCache(timeout: TimeSpan.Zero));
    }

    private Sharer Process(TimeSpan? timeout = null) => Sharer.Start(_store, redis: null, timeout);
}
