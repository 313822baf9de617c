namespace Millrace.Jobs.Testing;

/// <summary>A clock that moves only when a test says so. Delays, retries, timeouts and schedules follow it when it is the application's
/// <see cref="TimeProvider"/>: see <see cref="JobTestingOptions.Clock"/>. To run what falls due on the way, move it by <see cref="JobTester.AdvanceAsync"/>.</summary>
/// <remarks>Timers fire within <see cref="Advance"/>, on the calling thread, each at its own due time; one that is due at once fires with the next move. Local time is UTC. Thread-safe.</remarks>
public sealed class JobTestClock : TimeProvider
{
    private readonly Lock _lock = new(); // guards every field below
    private readonly List<TestTimer> _timers = [];
    private DateTimeOffset _now;
    private long _lastOrder;

    /// <summary>A clock that stands still at <paramref name="start"/>.</summary>
    /// <param name="start">Null for the system's time now, cut to the second.</param>
    public JobTestClock(DateTimeOffset? start = null)
    {
        var now = start?.ToUniversalTime() ?? System.GetUtcNow();
        StartedAt = _now = start is null ? now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)) : now;
    }

    /// <summary>Where it began.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc />
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    /// <inheritdoc />
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves the clock forward.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative.</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        AdvanceTo(GetUtcNow() + by);
    }

    /// <summary>Moves the clock forward to an instant; one that has passed leaves it where it is.</summary>
    public void AdvanceTo(DateTimeOffset time)
    {
        while (TakeDue(time) is { } timer)
        {
            timer.Fire();
        }

        lock (_lock)
        {
            _now = time > _now ? time.ToUniversalTime() : _now;
        }
    }

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new TestTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The next timer that is due by then, with the clock moved to its time.</summary>
    private TestTimer? TakeDue(DateTimeOffset time)
    {
        lock (_lock)
        {
            if (_timers.Where(timer => timer.Due <= time).MinBy(static timer => (timer.Due, timer.Order)) is not { } next)
            {
                return null;
            }

            _now = next.Due > _now ? next.Due : _now;
            if (next.Period > TimeSpan.Zero)
            {
                next.Due += next.Period;
            }
            else
            {
                _timers.Remove(next);
            }

            return next;
        }
    }

    private void Arm(TestTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                (timer.Due, timer.Period, timer.Order) = (_now + dueTime, period, ++_lastOrder);
                _timers.Add(timer);
            }
        }
    }

    private sealed class TestTimer(JobTestClock clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        /// <summary>Zero or less: fires once.</summary>
        public TimeSpan Period { get; set; }

        public long Order { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Arm(this, dueTime, period);
            return true;
        }

        public void Dispose() => clock.Arm(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
