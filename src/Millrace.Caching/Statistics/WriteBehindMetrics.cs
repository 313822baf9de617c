using System.Diagnostics.Metrics;

namespace Millrace.Caching.Statistics;

/// <summary>Shows one write-behind on the meter <c>Millrace.Caching</c>: what this node has done, and what the partitions hold that it owns.</summary>
internal sealed class WriteBehindMetrics : IDisposable
{
    private readonly Meter? _owned;
    private readonly KeyValuePair<string, object?>[] _tags;

    public WriteBehindMetrics(IMeterFactory? factory, string cache, string name, IWriteBehindFigures figures)
    {
        _owned = factory is null ? new Meter(MetricNames.Meter) : null;
        _tags = [new(MetricNames.CacheName, cache), new(MetricNames.WriteBehindName, name)];
        var meter = factory?.Create(MetricNames.Meter) ?? _owned!;
        meter.CreateObservableCounter(MetricNames.WriteBehindWritten, () => Measure(figures.Written), "{write}", "Writes acknowledged.");
        meter.CreateObservableCounter(MetricNames.WriteBehindCoalesced, () => Measure(figures.Coalesced), "{write}", "Writes that took the place of a pending one.");
        meter.CreateObservableCounter(MetricNames.WriteBehindFlushed, () => Measure(figures.Flushed), "{write}", "Writes that the source has taken.");
        meter.CreateObservableCounter(MetricNames.WriteBehindRetried, () => Measure(figures.Retried), "{write}", "Writes that the source has refused and that are tried again.");
        meter.CreateObservableUpDownCounter(MetricNames.WriteBehindPending, () => Measure(figures.Pending), "{write}", "Keys with a pending write.");
        meter.CreateObservableUpDownCounter(MetricNames.WriteBehindDead, () => Measure(figures.Dead), "{write}", "Dead writes.");
        meter.CreateObservableGauge(
            MetricNames.WriteBehindOldestAge, () => new Measurement<double>(figures.OldestAge.TotalSeconds, _tags), "s", "How long the oldest pending write has waited.");
    }

    public void Dispose() => _owned?.Dispose();

    private Measurement<long> Measure(long value) => new(value, _tags);
}
