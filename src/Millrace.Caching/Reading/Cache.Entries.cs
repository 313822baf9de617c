using Millrace.Caching.Local;
using Millrace.Caching.Reading;

namespace Millrace.Caching;

/// <summary>Entries without a source, several entries at once, and factories that say more than a value.</summary>
public sealed partial class Cache
{
    /// <summary>Returns the value under a key; if there is none, runs the factory, which may also say how long the entry lives, its tags, and that it is not to be kept.</summary>
    /// <param name="key">The key: 1 to <see cref="CacheOptions.MaximumKeyLength"/> characters, none of them control characters.</param>
    /// <param name="state">What the factory needs, so that it can be a static lambda.</param>
    /// <param name="factory">Reads the source, and sets the context before it ends. Its token is cancelled when every caller who waits for it has gone.</param>
    /// <param name="policy">How long the value is kept, where the factory says nothing.</param>
    /// <param name="tags">Tags to invalidate it by, beside those that the factory adds.</param>
    /// <param name="cancellationToken">Ends this caller's wait. The factory goes on as long as others wait.</param>
    /// <inheritdoc cref="GetOrCreateAsync{TState, T}(string, TState, Func{TState, CancellationToken, ValueTask{T}}, CachePolicy, IEnumerable{string}?, CancellationToken)" path="/exception" />
    /// <exception cref="TimeoutException">The factory took longer than <see cref="CachePolicy.HardTimeout"/>, and there was no old value to serve.</exception>
    public ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CacheEntryContext, CancellationToken, ValueTask<T>> factory,
        CachePolicy policy,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(policy);
        return _reads.ReadAsync(key, state, factory, policy, tags, cancellationToken);
    }

    /// <summary>Returns what the cache has of several keys: what is not in this process is asked of the second level in one round trip.</summary>
    /// <param name="keys">The keys, at most 10,000; one that is named twice counts once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The values of the keys that have a valid entry, by key; a value may be null.</returns>
    /// <exception cref="ArgumentException">A key breaks the rules, or there are too many.</exception>
    /// <exception cref="InvalidOperationException">A key holds a value of another type.</exception>
    /// <remarks>What is found in the second level is kept here as under the default policy.</remarks>
    public async ValueTask<IReadOnlyDictionary<string, T?>> GetManyAsync<T>(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        cancellationToken.ThrowIfCancellationRequested();
        return await _entries.GetManyAsync<T>(keys, _reads.Take<T>, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the values of several keys; those that the cache does not have come from one run of the factory. What holds for a single read holds for
    /// each key: one run per key in this process and one among processes, and nothing stored that was read before an invalidation.
    /// </summary>
    /// <param name="keys">The keys, at most 10,000; one that is named twice counts once.</param>
    /// <param name="state">What the factory needs, so that it can be a static lambda.</param>
    /// <param name="factory">
    /// Reads the source of the keys it gets, which are those that are missing and that nobody else reads; keys that it leaves out are not in the result and
    /// are not kept, one with the value null is kept as null. It may be run a second time, for keys that another process was reading and did not keep.
    /// </param>
    /// <param name="policy">How long the values are kept.</param>
    /// <param name="tags">Tags of each entry.</param>
    /// <param name="cancellationToken">Ends this caller's wait. The factory goes on as long as others wait for one of its keys.</param>
    /// <returns>The values, by key.</returns>
    /// <exception cref="ArgumentException">A key or a tag breaks the rules, or there are too many.</exception>
    /// <exception cref="InvalidOperationException">A key holds a value of another type, or a value cannot be serialized.</exception>
    /// <exception cref="TimeoutException">The factory took longer than <see cref="CachePolicy.HardTimeout"/>, and there was no old value to serve.</exception>
    public async ValueTask<IReadOnlyDictionary<string, T?>> GetOrCreateManyAsync<TState, T>(
        IReadOnlyCollection<string> keys,
        TState state,
        Func<TState, IReadOnlyList<string>, CancellationToken, ValueTask<IReadOnlyDictionary<string, T>>> factory,
        CachePolicy policy,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(policy);
        cancellationToken.ThrowIfCancellationRequested();
        return await _batches.ReadAsync(keys, state, factory, policy, _keys.EntryTags(tags), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores several values as <see cref="SetAsync{T}(string, T, CachePolicy, IEnumerable{string}?, CancellationToken)"/> does each, sent to the second level together.</summary>
    /// <param name="entries">Keys and values, at most 10,000; null is a value.</param>
    /// <param name="policy">How long they are kept.</param>
    /// <param name="tags">Tags of each entry.</param>
    /// <param name="cancellationToken">Checked once, before anything is stored.</param>
    /// <exception cref="ArgumentException">A key or a tag breaks the rules, or there are too many; nothing was stored.</exception>
    /// <exception cref="InvalidOperationException">A value cannot be serialized; the others were stored.</exception>
    public async ValueTask SetManyAsync<T>(
        IReadOnlyCollection<KeyValuePair<string, T>> entries, CachePolicy policy, IReadOnlyCollection<string>? tags = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(policy);
        EntryPath.CheckCount(entries.Count);
        foreach (var (key, _) in entries)
        {
            ArgumentNullException.ThrowIfNull(key, nameof(entries));
            _reads.CheckNames(key, tags);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var stamp = new CacheStamp(_ledger.Sequence, remote: 0);
        var sets = entries.Select(entry => SetOneAsync(entry)).ToList(); // all are on their way before one is waited for
        await Task.WhenAll(sets).ConfigureAwait(false);

        async Task SetOneAsync(KeyValuePair<string, T> entry) =>
            await _reads.SetAsync(entry.Key, entry.Value, policy, options: null, tags, stamp, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Whether there is a valid entry under a key, here or in the second level.</summary>
    /// <exception cref="ArgumentException">The key breaks the rules.</exception>
    public ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _entries.ExistsAsync(key, cancellationToken);
    }

    /// <summary>The time until the entry under a key expires at the latest: in the second level where it is there, else in this process.</summary>
    /// <returns>Null when there is no valid entry.</returns>
    /// <exception cref="ArgumentException">The key breaks the rules.</exception>
    public ValueTask<TimeSpan?> GetExpirationAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _entries.GetExpirationAsync(key, cancellationToken);
    }

    /// <summary>Gives the entry under a key a new lifetime, counted from now, on every node. What invalidates it still does.</summary>
    /// <param name="key">The key.</param>
    /// <param name="expiration">Greater than zero; more than <see cref="CachePolicy.LongestExpiration"/> counts as that.</param>
    /// <param name="cancellationToken">Gives up; it may have been done.</param>
    /// <returns>False: there is no valid entry, others keep changing it, or the second level cannot be reached.</returns>
    /// <exception cref="ArgumentException">The key breaks the rules.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The expiration is zero or negative.</exception>
    public ValueTask<bool> TouchAsync(string key, TimeSpan expiration, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(expiration, TimeSpan.Zero);
        return _entries.TouchAsync(key, expiration < CachePolicy.LongestExpiration ? expiration : CachePolicy.LongestExpiration, cancellationToken);
    }

    internal void Keep<TState, T>(
        string key, EntryRenewal turn, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CachePolicy policy, IEnumerable<string> tags) =>
        _reads.Keep(key, turn, state, factory, policy, tags);
}
