namespace Millrace.Jobs.Executing;

/// <summary>Stops attempts that take longer than they may, with one timer for all: most attempts end long before, and a timer for each costs more than a
/// small handler does (jobs.redis.process). Thread-safe.</summary>
internal sealed class Deadlines : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new(); // guards the three below
    private readonly Dictionary<Execution, long> _deadlines = []; // timestamps of the clock
    private readonly ITimer _timer;
    private long _next = long.MaxValue; // when the timer comes

    public Deadlines(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateTimer(static state => ((Deadlines)state!).StopOverdue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The attempt is stopped after so long, unless it is removed before.</summary>
    public void Add(Execution execution, TimeSpan limit)
    {
        var deadline = _clock.GetTimestamp() + (long)(limit.TotalSeconds * _clock.TimestampFrequency);
        lock (_lock)
        {
            _deadlines[execution] = deadline;
            if (deadline < _next)
            {
                _next = deadline;
                _timer.Change(limit, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Remove(Execution execution)
    {
        lock (_lock)
        {
            _deadlines.Remove(execution);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void StopOverdue()
    {
        var overdue = new List<Execution>();
        lock (_lock)
        {
            var now = _clock.GetTimestamp();
            _next = long.MaxValue;
            foreach (var (execution, deadline) in _deadlines)
            {
                if (deadline <= now)
                {
                    overdue.Add(execution);
                }
                else
                {
                    _next = Math.Min(_next, deadline);
                }
            }

            overdue.ForEach(execution => _deadlines.Remove(execution));
            if (_next < long.MaxValue)
            {
                // Not before it is due, even where timers are coarser than timestamps.
                _timer.Change(_clock.GetElapsedTime(now, _next) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
        }

        overdue.ForEach(static execution => execution.Stop(StopReason.TimedOut));
    }
}
