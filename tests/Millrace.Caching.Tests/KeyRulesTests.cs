namespace Millrace.Caching.Tests;

[Trait("req", "C-12")]
public sealed class KeyRulesTests
{
    public static TheoryData<string> BadKeys => ["", " ", "\t", "line\nbreak", "nul\0", "del\u007f", "c1\u0085", "half{D83D}", "{DC00}half", "{DC00}{D83D}", new string('x', 1025)];

    [Theory]
    [MemberData(nameof(BadKeys))]
    public async Task A_key_that_breaks_the_rules_is_refused_everywhere(string key)
    {
        key = Halves(key);
        using var cache = Caches.With();
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.Read(key, "v"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.SetAsync(key, "v", CachePolicies.Short));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.RemoveAsync(key));
        Assert.Throws<ArgumentException>(() => cache.TryGet<string>(key, out _));
        Assert.Equal(0, cache.GetStatistics().FactoryRuns);
    }

    [Fact]
    public async Task A_missing_key_or_factory_is_refused()
    {
        using var cache = Caches.With();
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.Read((string)null!, "v"));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.GetOrCreateAsync("k", (Func<CancellationToken, ValueTask<int>>)null!, CachePolicies.Short));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.RemoveAsync((string)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.RemoveByTagAsync((string)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.InvalidateAsync((string)null!));
    }

    [Fact]
    public async Task A_key_of_the_longest_length_is_fine()
    {
        using var cache = Caches.With();
        await cache.SetAsync(new string('x', 1024), "v", CachePolicies.Short);
        Assert.Equal("v", await cache.Read(new string('x', 1024), "factory"));
    }

    [Fact]
    public async Task The_message_says_the_limit_and_the_remedy()
    {
        using var cache = Caches.With(o => o.MaximumKeyLength = 20);
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await cache.Read("search:a very long query", "v"));
        Assert.Contains("24 characters, 20 are allowed", error.Message, StringComparison.Ordinal);
        Assert.Contains("MaximumKeyLength", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<ArgumentException>(async () => await cache.Read("a\u0001b", "v"));
        Assert.Contains("U+0001 at position 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a\nb")]
    [InlineData("{DC00}")]
    public async Task A_tag_that_breaks_the_rules_is_refused_everywhere(string tag)
    {
        tag = Halves(tag);
        using var cache = Caches.With();
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.Read("k", "v", tag));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.SetAsync("k", "v", CachePolicies.Short, [tag]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.RemoveByTagAsync(tag));
    }

    [Fact]
    public async Task Too_many_or_too_long_tags_are_refused_and_repeated_ones_count_once()
    {
        using var cache = Caches.With(o => (o.MaximumTags, o.MaximumTagLength) = (2, 16));
        await cache.Read("k", "v", "a", "b", "a", "b");
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.Read("l", "v", "a", "b", "c"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.Read("l", "v", new string('t', 17)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.Read("l", "v", "*"));
    }

    /// <summary>Half characters do not survive a test runner's names, so they are spelled out.</summary>
    private static string Halves(string text) =>
        text.Replace("{D83D}", "\ud83d", StringComparison.Ordinal).Replace("{DC00}", "\udc00", StringComparison.Ordinal);
}
