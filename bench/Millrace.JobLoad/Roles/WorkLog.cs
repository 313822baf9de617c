using System.Diagnostics;
using System.Globalization;

namespace Millrace.JobLoad.Roles;

/// <summary>Counts the jobs that were started, and keeps how long those took to get there that tell when they were sent. Thread-safe.</summary>
/// <param name="warm">Jobs before the clock starts.</param>
/// <param name="jobs">Jobs after that.</param>
internal sealed class WorkLog(int warm, int jobs)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly double[] _latencies = new double[jobs];
    private long _started;
    private long _stamped;
    private long _clockStart;

    /// <summary>When the first measured job started, a timestamp of <see cref="Stopwatch"/>.</summary>
    public long ClockStart => Interlocked.Read(ref _clockStart);

    /// <summary>How many have started.</summary>
    public long Started => Interlocked.Read(ref _started);

    /// <summary>A job without a time starts.</summary>
    public void Start()
    {
        var number = Interlocked.Increment(ref _started);
        if (number == warm + 1)
        {
            Interlocked.Exchange(ref _clockStart, Stopwatch.GetTimestamp());
        }

        if (number == warm + jobs)
        {
            _all.TrySetResult();
        }
    }

    /// <summary>A job starts that may tell when it was sent.</summary>
    public void Start(string at)
    {
        var now = Work.Now;
        if (long.Parse(at, CultureInfo.InvariantCulture) is > 0 and var sent)
        {
            var number = Interlocked.Increment(ref _stamped);
            if (number <= jobs)
            {
                _latencies[number - 1] = (now - sent) / 1e3;
            }

            if (number == jobs)
            {
                _all.TrySetResult();
            }
        }
    }

    /// <summary>Completes when all have started.</summary>
    public Task AllAsync() => _all.Task.WaitAsync(Limit);

    /// <summary>A latency in milliseconds: the smallest that at least this share of all do not exceed.</summary>
    /// <exception cref="InvalidOperationException">A job started before it was sent, or more started than were sent.</exception>
    public double Latency(double share)
    {
        var sorted = _latencies.Order().ToArray();
        if (sorted[0] <= 0 || Interlocked.Read(ref _stamped) != jobs)
        {
            throw new InvalidOperationException($"{_stamped} jobs were started of {jobs}, the first after {sorted[0]} ms.");
        }

        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
