namespace Millrace.Caching;

/// <summary>Writes that reach the source and the cache together. Thread-safe.</summary>
public static class CacheWriteExtensions
{
    /// <summary>
    /// Writes the source first, then the cache. Readers see the old value until the source has the new one; a read of the source that is under
    /// way then cannot bring the old one back. Writes of one key take turns in this process.
    /// </summary>
    /// <param name="cache">The cache.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; null is a value.</param>
    /// <param name="write">
    /// Writes the source. What it throws reaches the caller, and the cache stays as it was; except after a cancellation or a
    /// <see cref="TimeoutException"/>, which may have written: then the key is removed, so that the next read asks the source.
    /// </param>
    /// <param name="policy">How long the value is kept.</param>
    /// <param name="tags">Tags to invalidate it by.</param>
    /// <param name="cancellationToken">Ends the wait for the key's turn, and is passed to <paramref name="write"/>.</param>
    /// <exception cref="ArgumentException">The key or a tag breaks the rules; the source was not written.</exception>
    /// <exception cref="InvalidOperationException">The source was written, and the value cannot be serialized; the key was removed.</exception>
    /// <exception cref="TimeoutException">Earlier writes of the key took longer than a minute; the source was not written.</exception>
    public static ValueTask SetThroughAsync<T>(
        this Cache cache,
        string key,
        T value,
        Func<T, CancellationToken, ValueTask> write,
        CachePolicy policy,
        IReadOnlyCollection<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(write);
        ArgumentNullException.ThrowIfNull(policy);
        return cache.Writes.SetThroughAsync(key, value, write, policy, tags, cancellationToken);
    }

    /// <summary>
    /// Shows the new value to the readers of this process at once, then writes the source. If the source refuses, the value before comes back,
    /// unless somebody else has changed the key meanwhile. Other processes see the value when the source has accepted it.
    /// </summary>
    /// <param name="cache">The cache.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; null is a value.</param>
    /// <param name="write">
    /// Writes the source. What it throws is the refusal, and reaches the caller as it is. After a cancellation or a
    /// <see cref="TimeoutException"/>, which may have written, the key is removed instead of rolled back.
    /// </param>
    /// <param name="policy">How long the value is kept.</param>
    /// <param name="tags">Tags to invalidate it by.</param>
    /// <param name="cancellationToken">Ends the wait for the key's turn, and is passed to <paramref name="write"/>.</param>
    /// <exception cref="ArgumentException">The key or a tag breaks the rules; nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">The value cannot be serialized; nothing was changed.</exception>
    /// <exception cref="TimeoutException">Earlier writes of the key took longer than a minute; the source was not written, the value was rolled back.</exception>
    public static ValueTask SetOptimisticallyAsync<T>(
        this Cache cache,
        string key,
        T value,
        Func<T, CancellationToken, ValueTask> write,
        CachePolicy policy,
        IReadOnlyCollection<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(write);
        ArgumentNullException.ThrowIfNull(policy);
        return cache.Writes.SetOptimisticallyAsync(key, value, write, policy, tags, cancellationToken);
    }
}
