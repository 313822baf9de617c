namespace Millrace.TestKit;

/// <summary>The clock of a machine that is set wrong: its timers and its stopwatch are right. May be set anew while it is used.</summary>
public sealed class SkewedClock(TimeSpan by) : TimeProvider
{
    private long _ticks = by.Ticks;

    /// <summary>By how much it is ahead.</summary>
    public TimeSpan By
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _ticks));
        set => Interlocked.Exchange(ref _ticks, value.Ticks);
    }

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + By;
}
