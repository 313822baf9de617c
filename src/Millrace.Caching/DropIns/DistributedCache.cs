using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;

namespace Millrace.Caching.DropIns;

// IDistributedCache on a cache. An entry expires at its absolute time, or when nobody has read or refreshed it for its sliding span.
//
// In one process the cache slides entries itself. Where a second level is shared, a reader has to tell it, and knows the span only from the entry:
//   1. L1. A copy of an entry that slides stays there for a quarter of the span, within which the second level need not be told.
//   2. The second level, if there is one, without a span.
//   3. If the entry slides: once more, past L1 and with its span, which prolongs it there and shortens the copy's stay here.
//
// The synchronous methods go the same way. In one process nothing in it waits; with a second level they block their thread until it has answered or
// its time-out is over. Nothing that they wait for needs the caller's thread or context, so they cannot deadlock.
internal sealed class DistributedCache(Cache cache, TimeProvider time) : IBufferDistributedCache
{
    private static readonly CachePolicy Longest = new() { Expiration = CachePolicy.LongestExpiration };

    public byte[]? Get(string key) => SynchronousWait.End(FindAsync(key, CancellationToken.None))?.Data.AsSpan().ToArray();

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
        (await FindAsync(key, token).ConfigureAwait(false))?.Data.AsSpan().ToArray();

    public bool TryGet(string key, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return WriteTo(destination, SynchronousWait.End(FindAsync(key, CancellationToken.None)));
    }

    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return WriteTo(destination, await FindAsync(key, token).ConfigureAwait(false));
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options)
    {
        ArgumentNullException.ThrowIfNull(value);
        SynchronousWait.End(StoreAsync(key, value.AsSpan().ToArray(), options, CancellationToken.None));
    }

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return StoreAsync(key, value.AsSpan().ToArray(), options, token).AsTask();
    }

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) =>
        SynchronousWait.End(StoreAsync(key, value.ToArray(), options, CancellationToken.None));

    public ValueTask SetAsync(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        StoreAsync(key, value.ToArray(), options, token);

    public void Refresh(string key) => SynchronousWait.End(FindAsync(key, CancellationToken.None));

    public async Task RefreshAsync(string key, CancellationToken token = default) => await FindAsync(key, token).ConfigureAwait(false);

    public void Remove(string key) => SynchronousWait.End(RemoveCoreAsync(key, CancellationToken.None));

    public Task RemoveAsync(string key, CancellationToken token = default) => RemoveCoreAsync(key, token).AsTask();

    private static bool WriteTo(IBufferWriter<byte> destination, DistributedEntry? entry)
    {
        if (entry is null)
        {
            return false;
        }

        destination.Write(entry.Data);
        return true;
    }

    private async ValueTask<DistributedEntry?> FindAsync(string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        key = DistributedKeys.Of(key);

        // 1. L1
        if (cache.TryGet<DistributedEntry>(key, out var entry))
        {
            return entry;
        }

        // 2. The second level
        entry = await cache.FindAsync<DistributedEntry>(key, Longest, HybridCacheEntryFlags.DisableLocalCacheRead, cancellationToken).ConfigureAwait(false);

        // 3. Once more, to prolong it
        return entry is { Sliding.Ticks: > 0 }
            ? await cache.FindAsync<DistributedEntry>(key, Longest with { SlidingExpiration = entry.Sliding }, HybridCacheEntryFlags.DisableLocalCacheRead, cancellationToken)
                .ConfigureAwait(false) ?? entry
            : entry;
    }

    private async ValueTask StoreAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(options);
        cancellationToken.ThrowIfCancellationRequested();
        var policy = new CachePolicy { Expiration = Lifetime(options), SlidingExpiration = options.SlidingExpiration };
        await cache.SetAsync(DistributedKeys.Of(key), new DistributedEntry(value, options.SlidingExpiration ?? TimeSpan.Zero), policy, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
    }

    private ValueTask RemoveCoreAsync(string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        return cache.RemoveAsync(DistributedKeys.Of(key), cancellationToken);
    }

    /// <summary>The relative time if there is one, as in the framework's own caches; else the absolute one; else as long as a cache keeps anything.</summary>
    private TimeSpan Lifetime(DistributedCacheEntryOptions options)
    {
        var lifetime = options.AbsoluteExpirationRelativeToNow ?? CachePolicy.LongestExpiration;
        if (options.AbsoluteExpirationRelativeToNow is null && options.AbsoluteExpiration is { } at)
        {
            lifetime = at - time.GetUtcNow();
            if (lifetime <= TimeSpan.Zero)
            {
                throw new ArgumentOutOfRangeException(nameof(options), at, "The absolute expiration must be in the future.");
            }
        }

        return lifetime < CachePolicy.LongestExpiration ? lifetime : CachePolicy.LongestExpiration;
    }
}
