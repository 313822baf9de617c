namespace Millrace.Caching.Invalidation;

/// <summary>What one type of event makes invalid in one cache.</summary>
internal abstract class InvalidationRule(string cacheName, Type eventType)
{
    public string CacheName { get; } = cacheName;

    public Type EventType { get; } = eventType;

    public abstract ValueTask RunAsync(object @event, Cache cache, CancellationToken cancellationToken);
}

/// <inheritdoc cref="InvalidationRule" />
internal sealed class InvalidationRule<TEvent>(
    string cacheName,
    Func<TEvent, IEnumerable<string>>[] keys,
    Func<TEvent, IEnumerable<string>>[] tags,
    bool everything) : InvalidationRule(cacheName, typeof(TEvent))
{
    public override async ValueTask RunAsync(object @event, Cache cache, CancellationToken cancellationToken)
    {
        if (everything)
        {
            await cache.InvalidateAllAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var typed = (TEvent)@event;
        foreach (var select in keys)
        {
            await cache.RemoveAsync(select(typed), cancellationToken).ConfigureAwait(false);
        }

        foreach (var select in tags)
        {
            await cache.RemoveByTagAsync(select(typed), cancellationToken).ConfigureAwait(false);
        }
    }
}
