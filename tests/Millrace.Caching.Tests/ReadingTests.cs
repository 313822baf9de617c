using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching.Tests;

public sealed class ReadingTests
{
    [Fact, Trait("req", "C-01")]
    public async Task A_value_is_made_once_and_then_served()
    {
        using var cache = Caches.With();
        var runs = 0;
        for (var i = 0; i < 3; i++)
        {
            var value = await cache.GetOrCreateAsync("k", _ => ValueTask.FromResult($"made {++runs}"), CachePolicies.Short);
            Assert.Equal("made 1", value);
        }

        Assert.Equal(1, runs);
    }

    [Fact, Trait("req", "C-01")]
    public async Task A_set_value_is_served_and_replaces_what_was_there()
    {
        using var cache = Caches.With();
        await cache.SetAsync("k", "one", CachePolicies.Short);
        Assert.Equal("one", await cache.Read("k", "factory"));
        await cache.SetAsync("k", "two", CachePolicies.Short);
        Assert.Equal("two", await cache.Read("k", "factory"));
        Assert.Equal(1, cache.GetStatistics().Entries);
    }

    [Fact, Trait("req", "C-01")]
    public async Task Null_is_a_value()
    {
        using var cache = Caches.With();
        var runs = 0;
        for (var i = 0; i < 2; i++)
        {
            Assert.Null(await cache.GetOrCreateAsync<List<string>?>("k", _ => { runs++; return ValueTask.FromResult<List<string>?>(null); }, CachePolicies.Short));
        }

        Assert.Equal(1, runs);
        Assert.True(cache.TryGet<List<string>?>("k", out var value));
        Assert.Null(value);
    }

    [Fact]
    public async Task TryGet_tells_a_default_value_from_no_value()
    {
        using var cache = Caches.With();
        Assert.False(cache.TryGet<int>("k", out _));
        await cache.SetAsync("k", 0, CachePolicies.Short);
        Assert.True(cache.TryGet<int>("k", out var value));
        Assert.Equal(0, value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task Byte_arrays_come_back_as_they_went_in(int length)
    {
        using var cache = Caches.With();
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        await cache.SetAsync("k", bytes, CachePolicies.Short);
        Assert.True(cache.TryGet<byte[]>("k", out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("straße:7")]
    [InlineData("用户:42")]
    [InlineData("🏠:🗳️")]
    [InlineData("é")]
    [InlineData("key with spaces / and ?=&#")]
    public async Task Keys_may_be_any_unicode_text(string key)
    {
        using var cache = Caches.With();
        await cache.SetAsync(key, key, CachePolicies.Short, [key]);
        Assert.Equal(key, await cache.Read(key, "factory"));
        await cache.RemoveByTagAsync(key);
        Assert.Equal("factory", await cache.Read(key, "factory"));
    }

    [Fact]
    public async Task Keys_differ_by_case_and_by_normalization()
    {
        using var cache = Caches.With();
        await cache.SetAsync("é", "composed", CachePolicies.Short);
        await cache.SetAsync("e\u0301", "decomposed", CachePolicies.Short);
        await cache.SetAsync("É", "upper", CachePolicies.Short);
        Assert.Equal("composed", await cache.Read("é", "factory"));
        Assert.Equal("decomposed", await cache.Read("e\u0301", "factory"));
        Assert.Equal("upper", await cache.Read("É", "factory"));
    }

    [Fact]
    public async Task An_interpolated_key_and_a_string_are_the_same_key()
    {
        using var cache = Caches.With();
        var id = 42;
        Assert.Equal("v", await cache.GetOrCreateAsync($"project:{id}", id, static (_, _) => ValueTask.FromResult("v"), CachePolicies.Short));
        Assert.Equal("v", await cache.Read("project:42", "other"));
        Assert.Equal("v", await cache.GetOrCreateAsync($"project:{id}", static _ => ValueTask.FromResult("other"), CachePolicies.Short));
        Assert.Equal("v", await cache.GetOrCreateAsync($"project:{id}", id, static (_, _) => ValueTask.FromResult("other")));
        Assert.Equal("v", await cache.GetOrCreateAsync("project:42".AsSpan(), id, static (_, _) => ValueTask.FromResult("other")));
    }

    [Fact]
    public async Task Reading_a_key_as_another_type_is_an_error_that_names_both()
    {
        using var cache = Caches.With();
        await cache.SetAsync("k", "text", CachePolicies.Short);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.Read("k", 5));
        Assert.Contains("'k'", error.Message, StringComparison.Ordinal);
        Assert.Contains("System.String", error.Message, StringComparison.Ordinal);
        Assert.Contains("System.Int32", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => cache.TryGet<int>("k", out _));
    }

    [Fact, Trait("req", "C-22")]
    public async Task It_serves_as_a_HybridCache()
    {
        HybridCache cache = Caches.With();
        var options = new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(1) };
        Assert.Equal([1, 2], await cache.GetOrCreateAsync("k", _ => ValueTask.FromResult(new List<int> { 1, 2 }), options, ["t"]));
        Assert.Equal([1, 2], await cache.GetOrCreateAsync("k", _ => ValueTask.FromResult(new List<int>()), options));
        await cache.RemoveByTagAsync("t");
        Assert.Equal([3], await cache.GetOrCreateAsync("k", _ => ValueTask.FromResult(new List<int> { 3 }), options));
        await cache.SetAsync("k", new List<int> { 4 });
        Assert.Equal([4], await cache.GetOrCreateAsync("k", _ => ValueTask.FromResult(new List<int>())));
        await cache.RemoveAsync(["k", "other"]);
        Assert.Equal([5], await cache.GetOrCreateAsync("k", _ => ValueTask.FromResult(new List<int> { 5 })));
    }

    [Fact]
    public async Task A_hit_completes_synchronously()
    {
        using var cache = Caches.With();
        await cache.SetAsync("k", new List<int> { 1 }, CachePolicies.Short);
        var read = cache.GetOrCreateAsync("k", static _ => ValueTask.FromException<List<int>>(new InvalidOperationException()), CachePolicies.Short);
        Assert.True(read.IsCompletedSuccessfully);
        await read;
    }

    [Fact]
    public async Task A_disposed_cache_stores_nothing_and_asks_the_source()
    {
        var cache = Caches.With();
        await cache.SetAsync("k", "v", CachePolicies.Short);
        cache.Dispose();
        Assert.Equal(0, cache.GetStatistics().Entries);
        Assert.Equal(0, cache.GetStatistics().SizeBytes);
        Assert.Equal("one", await cache.Read("k", "one"));
        Assert.Equal("two", await cache.Read("k", "two"));
        await cache.DisposeAsync();
    }
}
