namespace Millrace.Realtime.Channels;

/// <summary>How many messages a client may send: a bucket of <c>capacity</c> tokens, refilled at a steady rate. Thread-safe.</summary>
internal sealed class TokenBucket(double perSecond, int capacity, TimeProvider time)
{
    private readonly Lock _lock = new(); // guards the two fields below
    private double _tokens = capacity;
    private long _refilledAt = time.GetTimestamp();

    public bool TryTake()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(capacity, _tokens + (time.GetElapsedTime(_refilledAt, now).TotalSeconds * perSecond));
            _refilledAt = now;
            if (_tokens < 1)
            {
                return false;
            }

            _tokens--;
            return true;
        }
    }
}
