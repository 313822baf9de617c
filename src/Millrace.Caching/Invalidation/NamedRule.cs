namespace Millrace.Caching.Invalidation;

/// <summary>A rule of templates for events of a name, from code or configuration.</summary>
/// <param name="cacheName">The cache that it is declared on.</param>
/// <param name="eventName">The event's name; case does not matter.</param>
/// <param name="source">Where it is declared: a configuration section, or null for code.</param>
/// <param name="everything">Whether it invalidates everything.</param>
/// <param name="confirmed">Whether other nodes must confirm.</param>
/// <param name="templates">What it invalidates.</param>
internal sealed class NamedRule(
    string cacheName, string eventName, string? source, bool everything, bool confirmed, InvalidationTemplate[] templates)
    : InvalidationRule(cacheName, everything, confirmed)
{
    public override string Label => $"the rule for '{eventName}' on cache '{CacheName}'{(source is null ? "" : $" ({source})")}";

    public override bool Matches(object @event) =>
        @event is CacheEvent named && string.Equals(named.Name, eventName, StringComparison.OrdinalIgnoreCase);

    protected override void CollectNames(object @event, InvalidationSet set, List<Exception> failures)
    {
        var data = ((CacheEvent)@event).Data;
        foreach (var template in templates)
        {
            Add(set, template.Kind, failures, () => template.Expand(data));
        }
    }
}
