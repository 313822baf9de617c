using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Millrace.TestKit;

namespace Millrace.Caching.Tests.Remote.Distributed;

/// <summary>Any IDistributedCache as the second level, and as the one to fall back to while Redis is away.</summary>
[Trait("req", "C-09")]
public sealed class DistributedLevelTests : DistributedLevelConformance
{
    private readonly TroubledStore _store = new();

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
    public async Task The_store_is_not_asked_while_what_is_owed_is_on_its_way()
    {
        await using var a = Process(TimeSpan.FromSeconds(10));
        await a.Cache.ReadAsync("k", static () => "old", "t");
        _store.Fails = true;
        await a.Cache.RemoveByTagAsync("t", Node.Token);
        Assert.False(a.Cache.IsSharing);

        var (calls, gate) = (_store.Calls, new TaskCompletionSource());
        _store.Gate = gate;
        _store.Fails = false;
        await Poll.UntilAsync(() => Task.FromResult(_store.Calls > calls ? null : "nothing is sent"), "what is owed is on its way");
        Assert.False(a.Cache.IsSharing);
        Assert.Equal("source", await a.Cache.ReadAsync("other", static () => "source"));

        _store.Gate = null;
        gate.SetResult();
        await Poll.UntilAsync(() => Task.FromResult(a.Cache.IsSharing ? null : "it is not used again"), "the store is used again");
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

    protected override ValueTask<IDistributedCache> OpenAsync() => new(_store);
}
