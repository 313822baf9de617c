using Microsoft.Extensions.Caching.Hybrid;
using Millrace.Caching.Tests.Sharing;

namespace Millrace.Caching.Tests.Remote;

/// <summary>Byte arrays from the second level: anybody may write to the one that he got, and nobody else sees it.</summary>
[Trait("req", "C-14")]
public sealed class SharedBytesTests(SharedServers servers)
{
    private const int Readers = 8;

    private static readonly byte[] Value = [1, 2, 3, 4];

    [Theory]
    [InlineData(HybridCacheEntryFlags.None)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCacheWrite)]
    [InlineData(HybridCacheEntryFlags.DisableLocalCache)]
    [InlineData(HybridCacheEntryFlags.DisableUnderlyingData)]
    [InlineData(HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableLocalCache)]
    public async Task Each_reader_has_an_array_of_his_own(HybridCacheEntryFlags flags)
    {
        await using var pair = await Pair.StartAsync(servers, SharedServers.Redis);
        await pair.A.SetAsync("k", Value, CachePolicies.Medium, cancellationToken: Node.Token);

        for (var round = 0; round < 3; round++)
        {
            // Together: the first one begins a flight, the others join it. Then one alone.
            await Task.WhenAll(Enumerable.Range(0, round == 1 ? 1 : Readers).Select(_ => ReadAsync(pair.B, flags)));
        }

        Assert.True(pair.B.GetStatistics().RemoteHits > 0);
    }

    [Fact]
    public async Task Values_of_several_keys_are_the_readers_own_too()
    {
        await using var pair = await Pair.StartAsync(servers, SharedServers.Redis);
        await pair.A.SetAsync("k", Value, CachePolicies.Medium, cancellationToken: Node.Token);
        await pair.A.SetAsync("l", Value, CachePolicies.Medium, cancellationToken: Node.Token);

        for (var round = 0; round < 2; round++)
        {
            var found = await pair.B.GetManyAsync<byte[]>(["k", "l"], Node.Token);
            Assert.All(found.Values, static array => Assert.Equal(Value, array));
            Array.ForEach([.. found.Values], static array => Array.Clear(array!));
        }
    }

    /// <summary>Reads, and writes to what it got before anybody else goes on.</summary>
    private static async Task ReadAsync(Cache cache, HybridCacheEntryFlags flags)
    {
        var array = await cache.GetOrCreateAsync<int, byte[]>(
            "k", 0, static (_, _) => throw new InvalidOperationException("It is in the second level."), new HybridCacheEntryOptions { Flags = flags }, cancellationToken: CancellationToken.None)
            .ConfigureAwait(false); // who cannot leave, and goes on where the flight ends
        var seen = array.ToArray();
        Array.Clear(array);
        Assert.Equal(Value, seen);
    }
}
