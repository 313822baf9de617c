using System.Buffers;
using System.ComponentModel;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Caching.Tests;

public sealed class SharingTests
{
    [Fact, Trait("req", "C-14")]
    public async Task What_one_reader_does_to_its_object_no_other_reader_sees()
    {
        using var cache = Caches.With();
        var original = new List<string> { "a" };
        await cache.SetAsync("k", original, CachePolicies.Short);
        original.Add("changed after set");
        var first = await cache.Read("k", new List<string>());
        first.Add("changed by a reader");
        Assert.Equal(["a"], await cache.Read("k", new List<string>()));
        Assert.True(cache.TryGet<List<string>>("k", out var second));
        Assert.Equal(["a"], second!);
    }

    [Fact]
    public async Task What_the_caller_of_the_factory_does_to_its_object_no_other_reader_sees()
    {
        using var cache = Caches.With();
        var made = await cache.GetOrCreateAsync("k", _ => ValueTask.FromResult(new List<int> { 1 }), CachePolicies.Short);
        made.Clear();
        Assert.Equal([1], await cache.Read("k", new List<int>()));
    }

    [Fact]
    public async Task Byte_arrays_are_never_shared()
    {
        using var cache = Caches.With();
        var bytes = new byte[] { 1, 2, 3 };
        await cache.SetAsync("k", bytes, CachePolicies.Short);
        bytes[0] = 9;
        var read = await cache.Read("k", Array.Empty<byte>());
        read[1] = 9;
        Assert.Equal([1, 2, 3], await cache.Read("k", Array.Empty<byte>()));
    }

    [Fact]
    public async Task Immutable_values_are_shared()
    {
        using var cache = Caches.With(o => o.Immutable<Declared>());
        await Shared(cache, "text", new string('x', 10));
        await Shared(cache, "marked", new Marked("x"));
        await Shared(cache, "declared", new Declared("x"));
        await cache.SetAsync("policy", new Plain("x"), CachePolicies.Short with { Immutable = true });
        Assert.Same(await cache.Read("policy", new Plain("")), await cache.Read("policy", new Plain("")));
        await cache.SetAsync("plain", new Plain("x"), CachePolicies.Short);
        Assert.NotSame(await cache.Read("plain", new Plain("")), await cache.Read("plain", new Plain("")));
        await cache.SetAsync<MarkedButOpen>("open", new Derived { Name = "x" }, CachePolicies.Short);
        Assert.NotSame(await cache.Read("open", new MarkedButOpen()), await cache.Read("open", new MarkedButOpen()));
    }

    [Fact]
    public async Task A_cloner_gives_every_reader_a_copy_and_keeps_one_that_nobody_has()
    {
        var clones = 0;
        using var cache = Caches.With(o => o.Clone<Plain>(plain =>
        {
            clones++;
            return plain with { };
        }));
        var original = new Plain("x");
        await cache.SetAsync("k", original, CachePolicies.Short);
        var (first, second) = (await cache.Read("k", new Plain("")), await cache.Read("k", new Plain("")));
        Assert.Equal((original, original), (first, second));
        Assert.NotSame(first, second);
        Assert.NotSame(original, first);
        Assert.Equal(3, clones); // one to keep, one for each reader
        await cache.SetAsync<Plain?>("none", null, CachePolicies.Short);
        Assert.True(cache.TryGet<Plain?>("none", out var none) && none is null);
        await cache.SetAsync("shared", original, CachePolicies.Short with { Immutable = true });
        Assert.Same(original, await cache.Read("shared", new Plain("")));
        using var weighed = Caches.With(o => o.Clone<Plain>(static plain => plain with { }, static _ => 5000));
        await weighed.SetAsync("k", original, CachePolicies.Short);
        Assert.InRange(weighed.GetStatistics().SizeBytes, 5000, 5500);
    }

    [Fact]
    public async Task Values_of_many_types_come_back_equal()
    {
        using var cache = Caches.With();
        await Same(cache, 42);
        await Same(cache, (int?)null);
        await Same(cache, (int?)7);
        await Same(cache, Guid.Parse("11112222-3333-4444-5555-666677778888"));
        await Same(cache, DateTimeOffset.UnixEpoch);
        await Same(cache, DayOfWeek.Friday);
        await Same(cache, 12.5m);
        await Same(cache, (Number: 1, Text: "two"));
        await Same(cache, new Plain("röcord"));
        await Same(cache, new Uri("https://example.org/a?b"));
        await Same(cache, "");
        await Same(cache, "\0\ud800 odd text");
    }

    [Fact, Trait("req", "C-14")]
    public async Task A_registered_serializer_goes_before_json()
    {
        var services = new ServiceCollection();
        services.AddMillraceCache();
        services.AddSingleton<IHybridCacheSerializer<Plain>, Shouting>();
        services.AddSingleton<IHybridCacheSerializerFactory, OnlyLists>();
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        await cache.SetAsync("k", new Plain("quiet"), CachePolicies.Short);
        Assert.Equal("QUIET", (await cache.Read("k", new Plain(""))).Name);
        await cache.SetAsync("l", new List<int> { 1 }, CachePolicies.Short);
        Assert.Equal([99], await cache.Read("l", new List<int>()));
    }

    [Fact, Trait("req", "C-14")]
    public async Task Json_options_are_the_users()
    {
        using var cache = Caches.With(o => o.SerializerOptions = new() { TypeInfoResolver = KnownTypes.Default });
        await cache.SetAsync("k", new Plain("v"), CachePolicies.Short);
        Assert.Equal(new Plain("v"), await cache.Read("k", new Plain("")));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.SetAsync("l", new List<Uri>(), CachePolicies.Short));
        Assert.Contains("'l'", error.Message, StringComparison.Ordinal);
        Assert.Contains("IHybridCacheSerializer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_cannot_be_serialized_fails_the_first_read_with_a_remedy()
    {
        using var cache = Caches.With();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.Read<Func<int>>("k", () => 1));
        Assert.Contains("Immutable", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, cache.GetStatistics().Flights);
    }

    private static async Task Shared<T>(Cache cache, string key, T value)
        where T : class
    {
        await cache.SetAsync(key, value, CachePolicies.Short);
        Assert.True(cache.TryGet<T>(key, out var read));
        Assert.Same(value, read);
    }

    private static async Task Same<T>(Cache cache, T value)
    {
        var key = $"{typeof(T).Name}:{value?.GetHashCode()}";
        Assert.Equal(value, await cache.Read(key, value));
        Assert.True(cache.TryGet<T>(key, out var read));
        Assert.Equal(value, read);
    }

    internal sealed record Plain(string Name);

    private sealed record Declared(string Name);

    [ImmutableObject(true)]
    private sealed record Marked(string Name);

    [ImmutableObject(true)]
    private class MarkedButOpen
    {
        public string Name { get; set; } = "";
    }

    private sealed class Derived : MarkedButOpen;

    private sealed class Shouting : IHybridCacheSerializer<Plain>
    {
        public Plain Deserialize(ReadOnlySequence<byte> source) => new(Encoding.UTF8.GetString(source));

        public void Serialize(Plain value, IBufferWriter<byte> target) => target.Write(Encoding.UTF8.GetBytes(value.Name.ToUpperInvariant()));
    }

    private sealed class OnlyLists : IHybridCacheSerializerFactory
    {
        public bool TryCreateSerializer<T>([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IHybridCacheSerializer<T>? serializer)
        {
            serializer = typeof(T) == typeof(List<int>) ? (IHybridCacheSerializer<T>)(object)new NinetyNine() : null;
            return serializer is not null;
        }
    }

    private sealed class NinetyNine : IHybridCacheSerializer<List<int>>
    {
        public List<int> Deserialize(ReadOnlySequence<byte> source) => [99];

        public void Serialize(List<int> value, IBufferWriter<byte> target)
        {
        }
    }
}

[JsonSerializable(typeof(SharingTests.Plain))]
internal sealed partial class KnownTypes : JsonSerializerContext;
