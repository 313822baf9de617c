using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Remote.Distributed;

/// <summary>
/// An <see cref="IDistributedCache"/> whose trouble is nobody's trouble: each call has a time-out, and after some failures in a row callers are spared for
/// a while. Thread-safe.
/// </summary>
internal sealed class DistributedStore(
    string cacheName, string prefix, Func<IDistributedCache> cache, TimeSpan timeout, RemoteFigures figures, TimeProvider time, ILogger logger)
{
    private const int FailureLimit = 3;
    private const int LongestName = 250; // some stores take no more

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lazy<IDistributedCache> _cache = new(cache);
    private int _failures;
    private long _pausedAt;

    /// <summary>Whether it would be asked now.</summary>
    public bool IsAvailable => Volatile.Read(ref _failures) < FailureLimit || time.GetElapsedTime(Volatile.Read(ref _pausedAt)) > Pause;

    public string EntryName(string key) => Name('e', key);

    public string MarkName(string tag) => Name('t', tag);

    public async ValueTask<(bool IsAnswered, byte[]? Value)> GetAsync(string name, CancellationToken cancellationToken)
    {
        byte[]? value = null;
        var isAnswered = await TryAsync(async (cache, token) => value = await cache.GetAsync(name, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return (isAnswered, value);
    }

    public ValueTask<bool> SetAsync(string name, byte[] value, TimeSpan lifetime) =>
        TryAsync((cache, token) => cache.SetAsync(name, value, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = lifetime }, token), CancellationToken.None);

    public ValueTask<bool> RemoveAsync(string name) => TryAsync((cache, token) => cache.RemoveAsync(name, token), CancellationToken.None);

    private string Name(char kind, string name)
    {
        var whole = $"{prefix}{kind}:{name}";
        return whole.Length <= LongestName ? whole : $"{prefix}{kind}#{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name)))}";
    }

    /// <returns>False: it failed or took too long.</returns>
    private async ValueTask<bool> TryAsync(Func<IDistributedCache, CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await call(_cache.Value, ending.Token).WaitAsync(ending.Token).ConfigureAwait(false); // not every store heeds the token
            if (Interlocked.Exchange(ref _failures, 0) >= FailureLimit)
            {
                Log.DistributedCacheBack(logger, cacheName);
            }

            return true;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested) // whatever the store throws
        {
            figures.Failed();
            Volatile.Write(ref _pausedAt, time.GetTimestamp());
            if (Interlocked.Increment(ref _failures) == FailureLimit)
            {
                Log.DistributedCacheAway(logger, failure, cacheName, _cache.IsValueCreated ? _cache.Value.GetType().Name : nameof(IDistributedCache));
            }

            return false;
        }
    }
}
