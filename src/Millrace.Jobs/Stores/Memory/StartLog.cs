namespace Millrace.Jobs.Stores.Memory;

/// <summary>How many jobs of a queue may be started under its rate. Every store counts like this one, in milliseconds.</summary>
internal sealed class StartLog
{
    private readonly Queue<double> _starts = new(); // sliding window: when each was started
    private double _full; // token bucket: when it is full again

    /// <summary>How many may be started now.</summary>
    public int Free(JobRate rate, double now)
    {
        if (rate.Kind == JobRateKind.TokenBucket)
        {
            _full = TokenBucket.Normalize(_full, rate, now);
            return TokenBucket.Tokens(_full, rate, now);
        }

        while (_starts.TryPeek(out var first) && (first <= now - rate.Period.TotalMilliseconds || first > now))
        {
            _starts.Dequeue(); // past, or to come: then the clock was set back
        }

        return Math.Max(0, rate.Count - _starts.Count);
    }

    public void Take(JobRate rate, double now, int count)
    {
        if (rate.Kind == JobRateKind.TokenBucket)
        {
            _full = TokenBucket.Take(_full, rate, count);
            return;
        }

        for (var i = 0; i < count; i++)
        {
            _starts.Enqueue(now);
        }
    }

    /// <summary>When the next one may be started, after <see cref="Free"/> has said that none may.</summary>
    public double Next(JobRate rate) =>
        rate.Kind == JobRateKind.TokenBucket ? TokenBucket.Next(_full, rate) : _starts.Peek() + rate.Period.TotalMilliseconds;
}
