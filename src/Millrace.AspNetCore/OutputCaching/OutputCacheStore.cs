using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Millrace.Caching;

namespace Millrace.AspNetCore.OutputCaching;

/// <summary>
/// ASP.NET Core's output cache on the cache named <c>output</c>: its budget, its eviction, its statistics, its tag stamps.
/// </summary>
/// <remarks>
/// 1. A lookup that finds nothing notes the cache's stamp in the request: the making of the page begins here.
/// 2. The page is stored as of that stamp, so one that was overtaken by an invalidation is never served.
/// 3. A tag that is invalidated in the default cache, however, is invalidated here before the call returns.
/// </remarks>
internal sealed class OutputCacheStore : IOutputCacheBufferStore, IDisposable
{
    public const string CacheName = "output";

    private static readonly object StampKey = new();

    private readonly Cache _pages;
    private readonly IHttpContextAccessor _context;
    private readonly IDisposable _following;

    public OutputCacheStore(CacheRegistry caches, IHttpContextAccessor context)
    {
        _pages = caches.Get(CacheName);
        _context = context;

        // 3. Never waits: invalidating by tag is one step in memory.
        _following = caches.Get(Cache.DefaultName).OnTagInvalidated(tag => _ = _pages.RemoveByTagAsync(tag).AsTask());
    }

    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken) => ValueTask.FromResult(Find(key)?.Body);

    public async ValueTask<bool> TryGetAsync(string key, PipeWriter destination, CancellationToken cancellationToken)
    {
        if (Find(key) is not { } page)
        {
            return false;
        }

        await destination.WriteAsync(page.Body, cancellationToken).ConfigureAwait(false);
        return true;
    }

    public ValueTask SetAsync(string key, byte[] value, string[]? tags, TimeSpan validFor, CancellationToken cancellationToken) =>
        StoreAsync(key, value, tags, validFor, cancellationToken);

    public ValueTask SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<string> tags, TimeSpan validFor, CancellationToken cancellationToken) =>
        StoreAsync(key, value.ToArray(), tags.IsEmpty ? null : tags.ToArray(), validFor, cancellationToken);

    public ValueTask EvictByTagAsync(string tag, CancellationToken cancellationToken) => _pages.RemoveByTagAsync(tag, cancellationToken);

    public void Dispose() => _following.Dispose();

    private OutputPage? Find(string key)
    {
        // 1. The stamp first: an invalidation between it and the lookup counts as one that came later.
        var stamp = _pages.Stamp;
        if (_pages.TryGet<OutputPage>(OutputKeys.Of(key), out var page))
        {
            return page;
        }

        // The middleware looks up several keys in a request that varies; the first stamp is the one that holds.
        if (_context.HttpContext is { } context)
        {
            context.Items.TryAdd(StampKey, stamp);
        }

        return null;
    }

    private ValueTask StoreAsync(string key, byte[] body, string[]? tags, TimeSpan validFor, CancellationToken cancellationToken)
    {
        if (validFor <= TimeSpan.Zero)
        {
            return _pages.RemoveAsync(OutputKeys.Of(key), cancellationToken); // an application may say that a page is valid for no time; it stands for nothing older
        }

        // 2.
        var stamp = _context.HttpContext?.Items.TryGetValue(StampKey, out var noted) == true && noted is CacheStamp then ? then : _pages.Stamp;
        return _pages.SetAsync(OutputKeys.Of(key), new OutputPage(body), new CachePolicy { Expiration = validFor }, stamp, tags, cancellationToken);
    }
}
