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

    private readonly Lock _lock = new(); // guards the two dictionaries
    private readonly Dictionary<(string Queue, string Type, string Status), long> _totals = [];
    private readonly Dictionary<(string Queue, string Type), DurationSeries> _durations = [];
    private readonly HashSet<(string Queue, string Type)> _series = [];
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

    public void Enqueued(string queue, string type) => Count(queue, type, "enqueued");

    public void Started(ClaimedJob job)
    {
        Interlocked.Increment(ref _runningNow);
        _running.Add(1);
        var (queue, type) = Series(job.Queue, job.Type);
        _wait.Record(Math.Max(0, (job.StartedAt - job.DueAt).TotalSeconds), new KeyValuePair<string, object?>("queue", queue), new KeyValuePair<string, object?>("job_type", type));
    }

    /// <summary>The handler has ended, or was left alone.</summary>
    public void Ended(ClaimedJob job, TimeSpan duration)
    {
        Interlocked.Decrement(ref _runningNow);
        _running.Add(-1);
        var (queue, type) = Series(job.Queue, job.Type);
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("queue", queue), new KeyValuePair<string, object?>("job_type", type));
        lock (_lock)
        {
            if (!_durations.TryGetValue((queue, type), out var series))
            {
                _durations[(queue, type)] = series = new DurationSeries();
            }

            series.Record(duration.TotalSeconds);
        }
    }

    /// <summary>The store has answered to the end of an attempt.</summary>
    public void Finished(ClaimedJob job, FinishResult answer, FinishKind kind)
    {
        var status = (answer.Status, kind, answer.State) switch
        {
            (FinishStatus.Stale, _, _) => "refused",
            (_, _, JobState.Cancelled) => "cancelled",
            (_, FinishKind.Completed, _) => "completed",
            (_, FinishKind.Dead, _) => "dead",
            (_, FinishKind.Retry, _) => "retried",
            (_, FinishKind.Snoozed, _) => "snoozed",
            (_, FinishKind.Cancelled, _) => "cancelled",
            _ => "released",
        };
        Count(job.Queue, job.Type, status);
    }

    /// <summary>A job ended without an attempt of this process: cancelled while pending, or found dead by a sweep.</summary>
    public void Ended(JobRecord job) => Count(job.Queue, job.Type, job.State == JobState.Dead ? "dead" : "cancelled");

    public void NotificationDropped()
    {
        Interlocked.Increment(ref _droppedTotal);
        _dropped.Add(1);
    }

    public JobStatistics Snapshot(IReadOnlyList<QueueStatus> queues)
    {
        lock (_lock)
        {
            return new JobStatistics
            {
                Totals = [.. _totals.Select(static pair => new JobTotal(pair.Key.Queue, pair.Key.Type, pair.Key.Status, pair.Value))],
                Durations = [.. _durations.Select(static pair => new JobDuration(pair.Key.Queue, pair.Key.Type, pair.Value.Count, pair.Value.SumSeconds, [.. pair.Value.Buckets]))],
                Queues = queues,
                Running = Interlocked.Read(ref _runningNow),
                DroppedNotifications = Interlocked.Read(ref _droppedTotal),
            };
        }
    }

    public void Dispose()
    {
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }

    private void Count(string queue, string type, string status)
    {
        (queue, type) = Series(queue, type);
        _jobs.Add(1, new TagList { { "queue", queue }, { "job_type", type }, { "status", status } });
        lock (_lock)
        {
            _totals[(queue, type, status)] = _totals.GetValueOrDefault((queue, type, status)) + 1;
        }
    }

    /// <summary>Bounds the number of series: types that nobody registered, and queues beyond the bound, share one.</summary>
    private (string Queue, string Type) Series(string queue, string type)
    {
        type = _registry.TryGet(type, out _) ? type : Other;
        lock (_lock)
        {
            return _series.Contains((queue, type)) || (_series.Count < MaximumSeries && _series.Add((queue, type))) ? (queue, type) : (Other, Other);
        }
    }

    private sealed class DurationSeries
    {
        public long[] Buckets { get; } = new long[JobDuration.Bounds.Count + 1];

        public long Count { get; private set; }

        public double SumSeconds { get; private set; }

        public void Record(double seconds)
        {
            var index = 0;
            while (index < JobDuration.Bounds.Count && seconds > JobDuration.Bounds[index])
            {
                index++;
            }

            Buckets[index]++;
            Count++;
            SumSeconds += seconds;
        }
    }
}
