using System.Diagnostics.Metrics;

namespace Millrace.Caching.Statistics;

/// <summary>Shows the statistics of all caches on the meter <c>Millrace.Caching</c>. They are read when somebody collects, and cost nothing before.</summary>
internal sealed class CacheMetrics : IDisposable
{
    private readonly Func<IEnumerable<Cache>> _caches;
    private readonly Meter? _owned;

    public CacheMetrics(IMeterFactory? factory, Func<IEnumerable<Cache>> caches)
    {
        _caches = caches;
        _owned = factory is null ? new Meter(MetricNames.Meter) : null;
        var meter = factory?.Create(MetricNames.Meter) ?? _owned!;
        meter.CreateObservableCounter(MetricNames.Requests, Requests, "{request}", "Reads that a cache answered (hit) or could not answer (miss).");
        meter.CreateObservableCounter(MetricNames.FactoryRuns, () => PerPattern(p => p.FactoryRuns), "{run}", "Reads of the source.");
        meter.CreateObservableCounter(MetricNames.FactoryErrors, () => PerPattern(p => p.FactoryErrors), "{run}", "Reads of the source that failed.");
        meter.CreateObservableCounter(MetricNames.StaleHits, () => PerCache(s => s.StaleHits), "{request}", "Reads that got what may be stale.");
        meter.CreateObservableCounter(
            MetricNames.Timeouts, () => PerOutcome(("soft", s => s.SoftTimeouts), ("hard", s => s.HardTimeouts)), "{timeout}", "Sources that took too long.");
        meter.CreateObservableUpDownCounter(MetricNames.Overdue, () => PerCache(s => s.OverdueFactories), "{run}", "Factories that ignore that their time is over.");
        meter.CreateObservableCounter(
            MetricNames.Refreshes,
            () => PerOutcome(("refreshed", s => s.Refreshes), ("failed", s => s.RefreshFailures), ("skipped", s => s.RefreshesSkipped)),
            "{refresh}",
            "Refreshes in the background.");
        meter.CreateObservableCounter(MetricNames.SweptEntries, () => PerCache(s => s.SweptEntries), "{entry}", "Invalidated entries removed from the second level.");
        meter.CreateObservableCounter(MetricNames.SweepReads, () => PerCache(s => s.SweepReads), "{entry}", "Entries of the second level looked at to find those.");
        meter.CreateObservableCounter(MetricNames.Sweeps, () => PerCache(s => s.Sweeps), "{sweep}", "Sweeps of the second level that came to their end.");
        meter.CreateObservableCounter(MetricNames.Evictions, () => PerCache(s => s.Evictions), "{entry}", "Entries removed to make room.");
        meter.CreateObservableCounter(MetricNames.Expirations, () => PerCache(s => s.Expirations), "{entry}", "Entries removed because their time was over.");
        meter.CreateObservableCounter(MetricNames.Invalidations, () => PerCache(s => s.Invalidations), "{invalidation}", "Keys, tags and everything invalidated.");
        meter.CreateObservableUpDownCounter(MetricNames.Entries, () => PerCache(s => s.Entries), "{entry}", "Entries held.");
        meter.CreateObservableGauge(MetricNames.EstimatedSize, () => PerCache(s => s.SizeBytes), "By", "What the entries weigh.");
    }

    public void Dispose() => _owned?.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private IEnumerable<Measurement<long>> Requests()
    {
        foreach (var cache in _caches())
        {
            foreach (var pattern in cache.GetStatistics().Patterns)
            {
                var (name, keys) = (Tag(MetricNames.CacheName, cache.Name), Tag(MetricNames.KeyPattern, pattern.Pattern));
                yield return new(pattern.Hits, name, keys, Tag(MetricNames.RequestType, "hit"));
                yield return new(pattern.Misses, name, keys, Tag(MetricNames.RequestType, "miss"));
            }
        }
    }

    private IEnumerable<Measurement<long>> PerPattern(Func<CacheKeyPatternStatistics, long> value)
    {
        foreach (var cache in _caches())
        {
            foreach (var pattern in cache.GetStatistics().Patterns)
            {
                yield return new(value(pattern), Tag(MetricNames.CacheName, cache.Name), Tag(MetricNames.KeyPattern, pattern.Pattern));
            }
        }
    }

    private IEnumerable<Measurement<long>> PerOutcome(params (string Outcome, Func<CacheStatistics, long> Value)[] outcomes)
    {
        foreach (var cache in _caches())
        {
            var statistics = cache.GetStatistics();
            foreach (var (outcome, value) in outcomes)
            {
                yield return new(value(statistics), Tag(MetricNames.CacheName, cache.Name), Tag(MetricNames.Outcome, outcome));
            }
        }
    }

    private IEnumerable<Measurement<long>> PerCache(Func<CacheStatistics, long> value)
    {
        foreach (var cache in _caches())
        {
            yield return new(value(cache.GetStatistics()), Tag(MetricNames.CacheName, cache.Name));
        }
    }
}
