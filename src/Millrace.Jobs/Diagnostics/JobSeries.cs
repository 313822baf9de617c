namespace Millrace.Jobs.Diagnostics;

/// <summary>The counts of one queue and type. Thread-safe.</summary>
internal sealed class JobSeries(string queue, string type)
{
    private readonly Lock _lock = new(); // guards the durations
    private readonly long[] _totals = new long[JobStatuses.All.Length];
    private readonly long[] _buckets = new long[JobDuration.Bounds.Count + 1];
    private long _count;
    private double _sumSeconds;

    public string Queue { get; } = queue;

    public string Type { get; } = type;

    /// <summary>Counts one; the status is a place in <see cref="JobStatuses.All"/>.</summary>
    public void Count(int status) => Interlocked.Increment(ref _totals[status]);

    public void Record(double seconds)
    {
        var index = 0;
        while (index < _buckets.Length - 1 && seconds > JobDuration.Bounds[index])
        {
            index++;
        }

        lock (_lock)
        {
            _buckets[index]++;
            _count++;
            _sumSeconds += seconds;
        }
    }

    /// <summary>What has been counted.</summary>
    public void AddTo(List<JobTotal> totals, List<JobDuration> durations)
    {
        for (var status = 0; status < _totals.Length; status++)
        {
            if (Interlocked.Read(ref _totals[status]) is > 0 and var count)
            {
                totals.Add(new JobTotal(Queue, Type, JobStatuses.All[status], count));
            }
        }

        lock (_lock)
        {
            if (_count > 0)
            {
                durations.Add(new JobDuration(Queue, Type, _count, _sumSeconds, [.. _buckets]));
            }
        }
    }
}
