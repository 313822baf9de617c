using Millrace.TestKit;

namespace Millrace.Caching.Tests.WarmUp;

/// <summary>A clock that moves as soon as somebody waits for a short while, and remembers how long they wanted to wait.</summary>
internal sealed class EagerClock(TimeSpan longestWait) : TimeProvider
{
    private readonly Lock _lock = new(); // guards _waits
    private readonly List<TimeSpan> _waits = [];

    public FakeClock Inner { get; } = new();

    public IReadOnlyList<TimeSpan> Waits
    {
        get
        {
            lock (_lock)
            {
                return [.. _waits];
            }
        }
    }

    public override TimeZoneInfo LocalTimeZone => Inner.LocalTimeZone;

    public override long TimestampFrequency => Inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => Inner.GetUtcNow();

    public override long GetTimestamp() => Inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = Inner.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime <= longestWait)
        {
            lock (_lock)
            {
                _waits.Add(dueTime);
            }

            _ = Task.Run(() => Inner.Advance(dueTime));
        }

        return timer;
    }
}
