using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Millrace.Jobs.Enqueueing;

namespace Millrace.Jobs.Diagnostics;

/// <summary>The engine's instruments and the same figures as a snapshot. Every metric name of the package stands here. Thread-safe.</summary>
internal sealed class JobMetrics : IDisposable
{
    public const string MeterName = "Millrace.Jobs";

    /// <summary>Distinct pairs of queue and type that are told apart; further ones count as "other".</summary>
    private const int MaximumSeries = 1_000;
    private const string Other = "other";

    private readonly Lock _adding = new(); // guards the bound
    private readonly ConcurrentDictionary<(string Queue, string Type), JobSeries> _series = new();
    private readonly JobSeries _others = new(Other, Other);
    private JobSeries? _last; // the series looked up last: jobs that follow each other are often alike
    private readonly JobRegistry _registry;
    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Counter<long> _jobs;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _wait;
    private readonly UpDownCounter<long> _running;
    private readonly Counter<long> _dropped;
    private long _droppedTotal;
    private long _runningNow;

    public JobMetrics(JobRegistry registry, IMeterFactory? meters = null)
    {
        _registry = registry;
        _ownsMeter = meters is null;
        _meter = meters?.Create(MeterName) ?? new Meter(MeterName);
        _jobs = _meter.CreateCounter<long>("millrace.jobs", "{job}", "Jobs by what happened to them: enqueued, completed, retried, dead, cancelled, snoozed, released, refused.");
        _duration = _meter.CreateHistogram<double>("messaging.process.duration", "s", "How long attempts took.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = JobDuration.Bounds });
        _wait = _meter.CreateHistogram<double>("millrace.jobs.wait", "s", "How long due jobs waited for a worker.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = JobDuration.Bounds });
        _running = _meter.CreateUpDownCounter<long>("millrace.jobs.running", "{job}", "Jobs running in this process.");
        _dropped = _meter.CreateCounter<long>("millrace.jobs.notifications.dropped", "{notification}", "Notifications that observers were too slow for.");
    }

    public void Enqueued(string queue, string type) => Count(Series(queue, type), JobStatuses.Enqueued);

    public void Started(ClaimedJob job)
    {
        Interlocked.Increment(ref _runningNow);
        _running.Add(1);
        if (_wait.Enabled)
        {
            var series = Series(job.Queue, job.Type);
            _wait.Record(Math.Max(0, (job.StartedAt - job.DueAt).TotalSeconds), new KeyValuePair<string, object?>("queue", series.Queue), new KeyValuePair<string, object?>("job_type", series.Type));
        }
    }

    /// <summary>The handler has ended, or was left alone.</summary>
    public void Ended(ClaimedJob job, TimeSpan duration)
    {
        Interlocked.Decrement(ref _runningNow);
        _running.Add(-1);
        var series = Series(job.Queue, job.Type);
        if (_duration.Enabled)
        {
            _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("queue", series.Queue), new KeyValuePair<string, object?>("job_type", series.Type));
        }

        series.Record(duration.TotalSeconds);
    }

    /// <summary>The store has answered to the end of an attempt.</summary>
    public void Finished(ClaimedJob job, FinishResult answer, FinishKind kind)
    {
        var status = (answer.Status, kind, answer.State) switch
        {
            (FinishStatus.Stale, _, _) => JobStatuses.Refused,
            (_, _, JobState.Cancelled) => JobStatuses.Cancelled,
            (_, FinishKind.Completed, _) => JobStatuses.Completed,
            (_, FinishKind.Dead, _) => JobStatuses.Dead,
            (_, FinishKind.Retry, _) => JobStatuses.Retried,
            (_, FinishKind.Snoozed, _) => JobStatuses.Snoozed,
            (_, FinishKind.Cancelled, _) => JobStatuses.Cancelled,
            _ => JobStatuses.Released,
        };
        Count(Series(job.Queue, job.Type), status);
    }

    /// <summary>A job ended without an attempt of this process: cancelled while pending, or found dead by a sweep.</summary>
    public void Ended(JobRecord job) => Count(Series(job.Queue, job.Type), job.State == JobState.Dead ? JobStatuses.Dead : JobStatuses.Cancelled);

    public void NotificationDropped()
    {
        Interlocked.Increment(ref _droppedTotal);
        _dropped.Add(1);
    }

    public JobStatistics Snapshot(IReadOnlyList<QueueStatus> queues)
    {
        var (totals, durations) = (new List<JobTotal>(), new List<JobDuration>());
        foreach (var series in _series.Values)
        {
            series.AddTo(totals, durations);
        }

        _others.AddTo(totals, durations);
        return new JobStatistics
        {
            Totals = totals,
            Durations = durations,
            Queues = queues,
            Running = Interlocked.Read(ref _runningNow),
            DroppedNotifications = Interlocked.Read(ref _droppedTotal),
        };
    }

    public void Dispose()
    {
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }

    private void Count(JobSeries series, int status)
    {
        if (_jobs.Enabled)
        {
            _jobs.Add(1, new TagList { { "queue", series.Queue }, { "job_type", series.Type }, { "status", JobStatuses.All[status] } });
        }

        series.Count(status);
    }

    private JobSeries Series(string queue, string type) =>
        Volatile.Read(ref _last) is { } last && last.Type == type && last.Queue == queue ? last : FindSeries(queue, type);

    /// <summary>Bounds the number of series: types that nobody registered, and queues beyond the bound, share one.</summary>
    private JobSeries FindSeries(string queue, string type)
    {
        type = _registry.TryGet(type, out _) ? type : Other;
        if (!_series.TryGetValue((queue, type), out var series))
        {
            lock (_adding)
            {
                if (!_series.TryGetValue((queue, type), out series))
                {
                    if (_series.Count >= MaximumSeries)
                    {
                        return _others;
                    }

                    _series[(queue, type)] = series = new JobSeries(queue, type);
                }
            }
        }

        Volatile.Write(ref _last, series);
        return series;
    }
}
