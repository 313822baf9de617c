using Millrace.Caching.Invalidation;
using Millrace.Caching.Naming;

namespace Millrace.Caching;

/// <summary>Invalidation by key, tag, pattern and of everything, here and in every process that shares the cache.</summary>
public sealed partial class Cache
{
    /// <inheritdoc />
    /// <remarks>As <see cref="RemoveAsync(IReadOnlyCollection{string}, bool, CancellationToken)"/>, not confirmed.</remarks>
    public override ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return RemoveKeysAsync([key], confirmed: false, cancellationToken);
    }

    /// <inheritdoc />
    public override ValueTask RemoveAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default) =>
        RemoveKeysAsync([.. keys ?? []], confirmed: false, cancellationToken);

    /// <summary>
    /// Invalidates keys: in this process at once, in the second level before this returns, and in every other process as soon as the server has told it.
    /// Where the second level cannot be reached, it takes effect in this process, and elsewhere when it can.
    /// </summary>
    /// <param name="keys">The keys.</param>
    /// <param name="confirmed">
    /// Whether to return only when no process serves an old value as fresh any more: each has said so, or has been silent for so long that it trusts its
    /// copies no more (<see cref="RedisCacheOptions.TrustDuration"/>).
    /// </param>
    /// <param name="cancellationToken">Checked before anything is invalidated; then it ends the wait for the others.</param>
    /// <exception cref="ArgumentException">A key breaks the rules; nothing was invalidated.</exception>
    /// <exception cref="TimeoutException">With <paramref name="confirmed"/>: the others cannot be reached. It will be carried out as soon as they can.</exception>
    public ValueTask RemoveAsync(IReadOnlyCollection<string> keys, bool confirmed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return RemoveKeysAsync([.. keys], confirmed, cancellationToken);
    }

    /// <inheritdoc />
    /// <remarks>The tag <c>*</c> stands for everything.</remarks>
    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tag);
        return RemoveTagsAsync([tag], confirmed: false, cancellationToken);
    }

    /// <inheritdoc />
    public override ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken cancellationToken = default) =>
        RemoveTagsAsync([.. tags ?? []], confirmed: false, cancellationToken);

    /// <summary>Invalidates all entries that carry one of the tags, in O(1) each, on every node.</summary>
    /// <param name="tags">The tags; <c>*</c> stands for everything.</param>
    /// <param name="confirmed">As for <see cref="RemoveAsync(IReadOnlyCollection{string}, bool, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Checked before anything is invalidated; then it ends the wait for the others.</param>
    /// <exception cref="ArgumentException">A tag breaks the rules; nothing was invalidated.</exception>
    /// <exception cref="TimeoutException">With <paramref name="confirmed"/>: the others cannot be reached. It will be carried out as soon as they can.</exception>
    public ValueTask RemoveByTagAsync(IReadOnlyCollection<string> tags, bool confirmed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tags);
        return RemoveTagsAsync([.. tags], confirmed, cancellationToken);
    }

    /// <summary>
    /// Invalidates all entries whose keys fit a pattern, such as <c>user:42:*</c>, at once and without looking for them; the memory follows. What
    /// covers many keys again and again is better named by a tag.
    /// </summary>
    /// <param name="pattern">Text in which each <c>*</c> stands for any characters, also none. 1 to 8 of them, at most 512 characters in all.</param>
    /// <param name="cancellationToken">Checked once, before anything is invalidated.</param>
    /// <exception cref="ArgumentException">The pattern breaks the rules.</exception>
    public ValueTask RemoveByPatternAsync(string pattern, CancellationToken cancellationToken = default) =>
        RemoveByPatternAsync(pattern, confirmed: false, cancellationToken);

    /// <param name="pattern">Text in which each <c>*</c> stands for any characters, also none. 1 to 8 of them, at most 512 characters in all.</param>
    /// <param name="confirmed">As for <see cref="RemoveAsync(IReadOnlyCollection{string}, bool, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Checked before anything is invalidated; then it ends the wait for the others.</param>
    /// <exception cref="TimeoutException">With <paramref name="confirmed"/>: the others cannot be reached. It will be carried out as soon as they can.</exception>
    /// <inheritdoc cref="RemoveByPatternAsync(string, CancellationToken)" />
    public async ValueTask RemoveByPatternAsync(string pattern, bool confirmed, CancellationToken cancellationToken = default)
    {
        var glob = KeyGlob.Parse(pattern);
        cancellationToken.ThrowIfCancellationRequested();
        _ledger.InvalidatePattern(glob);
        Interlocked.Increment(ref _invalidations);
        if (_remote is not null)
        {
            try
            {
                await TimedAsync(_remote.IsAvailable, _time.GetTimestamp(), _remote.InvalidateAsync([], [glob], everything: false, confirmed, cancellationToken)).ConfigureAwait(false);
            }
            finally
            {
                _ledger.InvalidatePattern(glob);
            }
        }
    }

    /// <summary>Invalidates everything in this cache, at once and in O(1); the memory follows within seconds.</summary>
    public ValueTask InvalidateAllAsync(CancellationToken cancellationToken = default) => InvalidateAllAsync(confirmed: false, cancellationToken);

    /// <summary>Invalidates everything in this cache, at once and in O(1); the memory follows within seconds.</summary>
    /// <param name="confirmed">As for <see cref="RemoveAsync(IReadOnlyCollection{string}, bool, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Checked before anything is invalidated; then it ends the wait for the others.</param>
    /// <exception cref="TimeoutException">With <paramref name="confirmed"/>: the others cannot be reached. It will be carried out as soon as they can.</exception>
    public ValueTask InvalidateAllAsync(bool confirmed, CancellationToken cancellationToken = default) =>
        RemoveTagsAsync([KeyRules.Everything], confirmed, cancellationToken);

    // Invalidations take effect here twice: at once, so that nobody here is served the old value even if the second level cannot be reached; and when
    // the second level has done its part, because a read that began meanwhile may have got the old value from there.
    private async ValueTask RemoveKeysAsync(string[] keys, bool confirmed, CancellationToken cancellationToken)
    {
        foreach (var key in keys)
        {
            _keys.CheckKey(key);
        }

        cancellationToken.ThrowIfCancellationRequested();
        Array.ForEach(keys, _local.Remove);
        Interlocked.Add(ref _invalidations, keys.Length);
        if (_remote is not null && keys.Length > 0)
        {
            try
            {
                await TimedAsync(_remote.IsAvailable, _time.GetTimestamp(), _remote.RemoveAsync(keys, confirmed, cancellationToken)).ConfigureAwait(false);
            }
            finally
            {
                Array.ForEach(keys, _local.Remove);
            }
        }
    }

    private async ValueTask RemoveTagsAsync(string[] tags, bool confirmed, CancellationToken cancellationToken)
    {
        var everything = tags.Contains(KeyRules.Everything);
        tags = Array.FindAll(tags, static tag => tag != KeyRules.Everything);
        Array.ForEach(tags, _keys.CheckTag);
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Add(ref _invalidations, tags.Length + (everything ? 1 : 0));
        InvalidateHere(tags, everything);
        if (_remote is not null && (everything || tags.Length > 0))
        {
            try
            {
                await TimedAsync(_remote.IsAvailable, _time.GetTimestamp(), _remote.InvalidateAsync(tags, [], everything, confirmed, cancellationToken)).ConfigureAwait(false);
            }
            finally
            {
                InvalidateHere(tags, everything);
            }
        }
    }

    /// <summary>Counts how long the second level took, if it was there: what it is owed waits for no answer.</summary>
    private async ValueTask TimedAsync(bool isThere, long sent, ValueTask invalidation)
    {
        await invalidation.ConfigureAwait(false);
        if (isThere)
        {
            _patterns.Remote.Invalidations.Add(_time.GetElapsedTime(sent));
        }
    }

    private void InvalidateHere(string[] tags, bool everything)
    {
        foreach (var tag in tags)
        {
            _ledger.InvalidateTag(tag);
            TellFollowers(tag);
        }

        if (everything)
        {
            _ledger.InvalidateEverything();
            TellFollowers(KeyRules.Everything);
        }
    }
}
