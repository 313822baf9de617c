using Millrace.Caching.Invalidation;

namespace Millrace.Caching;

/// <summary>What an event of type <typeparamref name="TEvent"/> makes invalid in one cache. Calls add up.</summary>
public sealed class CacheInvalidationRule<TEvent>
    where TEvent : notnull
{
    private readonly string _cacheName;
    private readonly List<Func<TEvent, IEnumerable<string>>> _keys = [];
    private readonly List<Func<TEvent, IEnumerable<string>>> _tags = [];
    private bool _everything;

    internal CacheInvalidationRule(string cacheName) => _cacheName = cacheName;

    internal bool IsEmpty => _keys.Count == 0 && _tags.Count == 0 && !_everything;

    /// <summary>Invalidates one key, made from the event.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Key(Func<TEvent, string> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _keys.Add(e => [key(e)]);
        return this;
    }

    /// <summary>Invalidates several keys, made from the event.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Keys(Func<TEvent, IEnumerable<string>> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _keys.Add(keys);
        return this;
    }

    /// <summary>Invalidates one tag, made from the event.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Tag(Func<TEvent, string> tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        _tags.Add(e => [tag(e)]);
        return this;
    }

    /// <summary>Invalidates several tags, made from the event.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Tags(Func<TEvent, IEnumerable<string>> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        _tags.Add(tags);
        return this;
    }

    /// <summary>Invalidates the whole cache.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheInvalidationRule<TEvent> Everything()
    {
        _everything = true;
        return this;
    }

    internal InvalidationRule Build() => new InvalidationRule<TEvent>(_cacheName, [.. _keys], [.. _tags], _everything);
}
