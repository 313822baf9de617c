using System.Collections.Concurrent;

namespace Millrace.Caching.Invalidation;

/// <summary>All rules of the process: an event goes to every rule that is declared for its type or for a base type, on the cache of the rule.</summary>
internal sealed class InvalidationRules
{
    private readonly InvalidationRule[] _rules;
    private readonly ConcurrentDictionary<Type, InvalidationRule[]> _byEvent = new(); // as many as the program has event types

    public InvalidationRules(IEnumerable<InvalidationRule> rules) => _rules = [.. rules];

    /// <summary>Runs every rule, also after one has failed: what can be invalidated is.</summary>
    public async ValueTask RunAsync(object @event, Func<string, Cache> cacheOf, CancellationToken cancellationToken)
    {
        List<Exception>? failures = null;
        foreach (var rule in _byEvent.GetOrAdd(@event.GetType(), Matching))
        {
            try
            {
                await rule.RunAsync(@event, cacheOf(rule.CacheName), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                (failures ??= []).Add(failure);
            }
        }

        if (failures is not null)
        {
            throw new InvalidOperationException(
                $"{failures.Count} of the invalidation rules for {@event.GetType().Name} failed, the first with: {failures[0].Message} "
                + "What they should have invalidated may be stale; correct the rule.",
                failures.Count == 1 ? failures[0] : new AggregateException(failures));
        }
    }

    private InvalidationRule[] Matching(Type eventType) => Array.FindAll(_rules, rule => rule.EventType.IsAssignableFrom(eventType));
}
