namespace Millrace.Caching.Invalidation;

// All rules of the process. An event goes through them like this:
//
//   1. Collect: every rule that matches tells what the event makes invalid, in the set of its cache. A rule that cannot tell is a failure.
//   2. Apply: each set is invalidated: everything, or keys, tags and patterns. A name that its cache refuses is a failure.
//   3. Report: if there were failures, whoever raised the event hears of them, after all that could be invalidated is.
//
// A preview is step 1 alone.
internal sealed class InvalidationRules(IEnumerable<InvalidationRule> rules)
{
    private readonly InvalidationRule[] _rules = [.. rules];

    /// <summary>Step 1.</summary>
    public (IReadOnlyList<InvalidationSet> Sets, List<Exception> Failures) Collect(object @event)
    {
        List<InvalidationSet> sets = [];
        List<Exception> failures = [];
        foreach (var rule in _rules)
        {
            if (rule.Matches(@event))
            {
                var set = sets.Find(other => string.Equals(other.CacheName, rule.CacheName, StringComparison.OrdinalIgnoreCase));
                if (set is null)
                {
                    sets.Add(set = new InvalidationSet(rule.CacheName));
                }

                rule.Collect(@event, set, failures);
            }
        }

        sets.RemoveAll(static set => set.IsEmpty);
        return (sets, failures);
    }

    /// <summary>Step 1, for people.</summary>
    public CacheInvalidationPreview Preview(object @event)
    {
        var (sets, failures) = Collect(@event);
        return new CacheInvalidationPreview(
            NameOf(@event),
            [.. sets.Select(set => new CacheInvalidationTarget(set.CacheName, [.. set.Keys], [.. set.Tags], [.. set.Patterns], set.Everything, set.Confirmed))],
            [.. failures.Select(failure => failure.Message)]);
    }

    /// <summary>All steps.</summary>
    /// <exception cref="InvalidOperationException">Something failed.</exception>
    public async ValueTask RunAsync(object @event, Func<string, Cache> cacheOf, CancellationToken cancellationToken)
    {
        // 1. Collect
        var (sets, failures) = Collect(@event);

        // 2. Apply
        foreach (var set in sets)
        {
            await TryAsync(() => ApplyAsync(cacheOf(set.CacheName), set, failures, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
        }

        // 3. Report
        if (failures.Count > 0)
        {
            throw new InvalidOperationException(
                $"Not all that '{NameOf(@event)}' makes invalid could be invalidated ({failures.Count} failed); the first failure: {failures[0].Message} "
                + "What it should have covered may be stale.",
                failures.Count == 1 ? failures[0] : new AggregateException(failures));
        }
    }

    public static string NameOf(object @event) => @event is CacheEvent named ? named.Name : @event.GetType().Name;

    private static async ValueTask ApplyAsync(Cache cache, InvalidationSet set, List<Exception> failures, CancellationToken cancellationToken)
    {
        var confirmed = set.Confirmed;
        if (set.Everything)
        {
            await TryAsync(() => cache.InvalidateAllAsync(confirmed, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
            return;
        }

        await EachAsync(set.Keys, names => cache.RemoveAsync(names, confirmed, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
        await EachAsync(set.Tags, names => cache.RemoveByTagAsync(names, confirmed, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
        foreach (var pattern in set.Patterns)
        {
            await TryAsync(() => cache.RemoveByPatternAsync(pattern, confirmed, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>All at once; and one by one where the cache refuses a name, because the others are owed.</summary>
    private static async ValueTask EachAsync(
        IReadOnlyCollection<string> names, Func<IReadOnlyCollection<string>, ValueTask> invalidate, List<Exception> failures, CancellationToken cancellationToken)
    {
        List<Exception> together = [];
        if (names.Count == 0 || await TryAsync(() => invalidate(names), together, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (together[0] is not ArgumentException)
        {
            failures.AddRange(together);
            return;
        }

        foreach (var name in names)
        {
            await TryAsync(() => invalidate([name]), failures, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>False, with the failure, where it failed; a cancelled caller is no failure and ends all.</summary>
    private static async ValueTask<bool> TryAsync(Func<ValueTask> invalidate, List<Exception> failures, CancellationToken cancellationToken)
    {
        try
        {
            await invalidate().ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            failures.Add(failure);
            return false;
        }
    }
}
