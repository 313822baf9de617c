namespace Millrace.Caching.Invalidation;

/// <summary>A rule in code for events of a type and of types derived from it.</summary>
internal sealed class TypedRule<TEvent>(
    string cacheName, bool everything, bool confirmed, (TemplateKind Kind, Func<TEvent, IEnumerable<string>> Select)[] selectors)
    : InvalidationRule(cacheName, everything, confirmed)
{
    public override string Label => $"the rule for {typeof(TEvent).Name} on cache '{CacheName}'";

    public override bool Matches(object @event) => @event is TEvent;

    protected override void CollectNames(object @event, InvalidationSet set, List<Exception> failures)
    {
        foreach (var (kind, select) in selectors)
        {
            Add(set, kind, failures, () => select((TEvent)@event));
        }
    }
}
