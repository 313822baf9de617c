using Millrace.Caching.Invalidation;

namespace Millrace.Caching;

/// <summary>
/// What an event of a name makes invalid in one cache, as templates with parts in braces: <c>payment:history:{userId}</c>. Calls add up. Used while
/// services are registered, by one thread.
/// </summary>
/// <remarks>
/// A part is the name of a property or entry of the event's data without regard to case, dots lead inwards (<c>{user.id}</c>), and a list stands for
/// each of its elements, at most 1,000 names per template. Values are escaped as <see cref="CacheKeys"/> escapes them: none can widen a pattern or
/// reach into the next segment of a key. A part that an event lacks, or that is null or empty, makes the rule fail.
/// </remarks>
public sealed class CacheEventRule
{
    private readonly string _cacheName;
    private readonly string _eventName;
    private readonly List<InvalidationTemplate> _templates = [];
    private bool _everything;
    private bool _confirmed;

    internal CacheEventRule(string cacheName, string eventName) => (_cacheName, _eventName) = (cacheName, eventName);

    internal bool IsEmpty => _templates.Count == 0 && !_everything;

    /// <summary>Invalidates keys.</summary>
    /// <returns>This rule, for the next call.</returns>
    /// <exception cref="ArgumentException">The template is malformed.</exception>
    public CacheEventRule Key(string template) => Add(template, TemplateKind.Key, nameof(template));

    /// <summary>Invalidates tags.</summary>
    /// <returns>This rule, for the next call.</returns>
    /// <exception cref="ArgumentException">The template is malformed.</exception>
    public CacheEventRule Tag(string template) => Add(template, TemplateKind.Tag, nameof(template));

    /// <summary>Invalidates all keys that fit patterns, such as <c>user:{userId}:*</c>. A <c>*</c> must not stand next to a part.</summary>
    /// <returns>This rule, for the next call.</returns>
    /// <exception cref="ArgumentException">The template is malformed.</exception>
    public CacheEventRule Pattern(string template) => Add(template, TemplateKind.Pattern, nameof(template));

    /// <summary>Invalidates everything under a name: <c>tenant:{tenant}</c> stands for the pattern <c>tenant:{tenant}:*</c>.</summary>
    /// <returns>This rule, for the next call.</returns>
    /// <exception cref="ArgumentException">The template is malformed.</exception>
    public CacheEventRule Region(string template)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(template);
        return Add(template + ":*", TemplateKind.Pattern, nameof(template));
    }

    /// <summary>Invalidates the whole cache.</summary>
    /// <returns>This rule, for the next call.</returns>
    public CacheEventRule Everything()
    {
        _everything = true;
        return this;
    }

    /// <inheritdoc cref="CacheInvalidationRule{TEvent}.Confirmed" />
    public CacheEventRule Confirmed()
    {
        _confirmed = true;
        return this;
    }

    internal InvalidationRule Build() => new NamedRule(_cacheName, _eventName, source: null, _everything, _confirmed, [.. _templates]);

    private CacheEventRule Add(string template, TemplateKind kind, string parameter)
    {
        ArgumentNullException.ThrowIfNull(template, parameter);
        _templates.Add(InvalidationTemplate.TryParse(template, kind, out var error)
            ?? throw new ArgumentException($"'{template}' in the rule for '{_eventName}' {error}.", parameter));
        return this;
    }
}
