namespace Millrace.Caching.Limiting;

/// <summary>The state of one limit and its arithmetic, in whole microseconds: the specification that the three scripts follow.</summary>
internal sealed class LimitState
{
    private long _mark;     // fixed: end of the window; sliding: number of the window; bucket: when it is full again
    private long _current;  // permits taken in the window
    private long _previous; // permits taken in the window before

    /// <summary>When the state says no more than none would.</summary>
    public long ForgetAt { get; private set; }

    public Decision Acquire(RateLimit limit, int permits, long now) => limit.Kind switch
    {
        LimitKind.Fixed => AcquireFixed(limit, permits, now),
        LimitKind.Sliding => AcquireSliding(limit, permits, now),
        _ => AcquireToken(limit, permits, now),
    };

    private Decision AcquireFixed(RateLimit limit, int permits, long now)
    {
        var (end, used) = _mark > now ? (_mark, _current) : (now + limit.IntervalMicroseconds, 0);
        if (used + Math.Max(permits, 1) > limit.PermitLimit)
        {
            return Refused(limit.PermitLimit - used, end - now);
        }

        if (permits > 0)
        {
            (_mark, _current) = (end, used + permits);
            ForgetAt = end;
        }

        return Granted(limit.PermitLimit - used - permits);
    }

    private Decision AcquireSliding(RateLimit limit, int permits, long now)
    {
        var window = limit.IntervalMicroseconds;
        var index = now / window;
        if (_mark > index)
        {
            (index, now) = (_mark, _mark * window); // the clock was set back
        }

        var current = _mark == index ? _current : 0;
        var previous = _mark == index ? _previous : _mark == index - 1 ? _current : 0;
        var elapsed = now - (index * window);
        var free = limit.PermitLimit - current - (previous * (1 - ((double)elapsed / window)));
        var wanted = Math.Max(permits, 1);
        if (wanted <= free)
        {
            if (permits > 0)
            {
                (_mark, _current, _previous) = (index, current + permits, previous);
                ForgetAt = (index + 2) * window;
            }

            return Granted((long)(free - permits));
        }

        var room = limit.PermitLimit - wanted;
        var wait = room >= current
            ? (window * (1 - ((double)(room - current) / previous))) - elapsed
            : window - elapsed + (window * (1 - ((double)room / current)));
        return Refused((long)Math.Max(0, free), (long)Math.Ceiling(wait));
    }

    private Decision AcquireToken(RateLimit limit, int permits, long now)
    {
        var interval = limit.IntervalMicroseconds;
        var burst = interval * limit.PermitLimit;
        var full = Math.Clamp(_mark, now, now + burst); // later only if the clock was set back
        var early = full + (Math.Max(permits, 1) * interval) - burst - now;
        if (early > 0)
        {
            return Refused((burst - (full - now)) / interval, early);
        }

        full += permits * interval;
        if (permits > 0)
        {
            (_mark, ForgetAt) = (full, full);
        }

        return Granted((burst - (full - now)) / interval);
    }

    private static Decision Granted(long remaining) => new(IsAcquired: true, (int)remaining, TimeSpan.Zero);

    private static Decision Refused(long remaining, long microseconds) =>
        new(IsAcquired: false, (int)remaining, TimeSpan.FromMilliseconds((Math.Max(1, microseconds) + 999) / 1000));
}
