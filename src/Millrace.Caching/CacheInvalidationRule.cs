using Millrace.Caching.Invalidation;

namespace Millrace.Caching;

/// <summary>What an event of type <typeparamref name="TEvent"/> makes invalid in one cache. Calls add up.</summary>
public sealed class CacheInvalidationRule<TEvent>
    where TEvent : notnull
{
    private readonly string _cacheName;
    private readonly List<(TemplateKind Kind, Func<TEvent, IEnumerable<string>> Select)> _selectors = [];
    private bool _everything;
    private bool _confirmed;

    internal CacheInvalidationRule(string cacheName) => _cacheName = cacheName;

    internal bool IsEmpty => _selectors.Count == 0 && !_everything;

    /// <summary>Invalidates one key, made from the event.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Key(Func<TEvent, string> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _selectors.Add((TemplateKind.Key, e => [key(e)]));
        return this;
    }

    /// <summary>Invalidates several keys, made from the event.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Keys(Func<TEvent, IEnumerable<string>> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _selectors.Add((TemplateKind.Key, keys));
        return this;
    }

    /// <summary>Invalidates one tag, made from the event.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Tag(Func<TEvent, string> tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        _selectors.Add((TemplateKind.Tag, e => [tag(e)]));
        return this;
    }

    /// <summary>Invalidates several tags, made from the event.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Tags(Func<TEvent, IEnumerable<string>> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        _selectors.Add((TemplateKind.Tag, tags));
        return this;
    }

    /// <summary>
    /// Invalidates all keys that fit a pattern, made from the event. What the event holds could widen a pattern that is put together by hand: make it
    /// with <see cref="CacheKey{T1, T2}.Under"/>, or pass text through <see cref="CacheKeys.Escape"/>.
    /// </summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Pattern(Func<TEvent, string> pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _selectors.Add((TemplateKind.Pattern, e => [pattern(e)]));
        return this;
    }

    /// <summary>Invalidates all keys that fit one of several patterns; see <see cref="Pattern"/>.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Patterns(Func<TEvent, IEnumerable<string>> patterns)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        _selectors.Add((TemplateKind.Pattern, patterns));
        return this;
    }

    /// <summary>Invalidates everything under a name: <c>shop</c> stands for the pattern <c>shop:*</c>.</summary>
    /// <returns>This rule, for the next call.</returns>
    /// <exception cref="ArgumentException">The name is empty or holds a <c>*</c>.</exception>
    public CacheInvalidationRule<TEvent> Region(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.Contains('*', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{name}' is no region: it holds a '*'. Say Pattern.", nameof(name));
        }

        _selectors.Add((TemplateKind.Pattern, _ => [name + ":*"]));
        return this;
    }

    /// <summary>
    /// Asks that the invalidation is confirmed: it returns when no connected node serves what it covers any more. In a cache that shares nothing with
    /// other nodes every invalidation is.
    /// </summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Confirmed()
    {
        _confirmed = true;
        return this;
    }

    /// <summary>Invalidates the whole cache.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Everything()
    {
        _everything = true;
        return this;
    }

    internal InvalidationRule Build() => new TypedRule<TEvent>(_cacheName, _everything, _confirmed, [.. _selectors]);
}
