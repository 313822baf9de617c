namespace Millrace.Caching.Remote;

/// <summary>The server's time as this node can tell it: its last answer, and what has passed here since. Thread-safe.</summary>
internal sealed class ServerClock(TimeProvider time)
{
    private readonly Lock _lock = new(); // guards the fields below
    private long _serverMilliseconds = time.GetUtcNow().ToUnixTimeMilliseconds(); // until the server has said it
    private long _at = time.GetTimestamp();
    private long _stamp;

    /// <summary>Milliseconds since 1970.</summary>
    public long Now
    {
        get
        {
            lock (_lock)
            {
                return _serverMilliseconds + (long)time.GetElapsedTime(_at).TotalMilliseconds;
            }
        }
    }

    /// <summary>The highest stamp seen, which the server's clock has reached.</summary>
    public long Stamp => Volatile.Read(ref _stamp);

    /// <summary>The server has told its time.</summary>
    /// <param name="milliseconds">Since 1970.</param>
    /// <param name="asked">When it was asked, a timestamp: it is counted from there, so that this node is behind rather than ahead in nothing but its round trip.</param>
    /// <returns>How far it is ahead of what this node took it for, in milliseconds: 0 or less, unless it was set or the server is another.</returns>
    public long Synchronise(long milliseconds, long asked)
    {
        long ahead;
        lock (_lock)
        {
            ahead = milliseconds - Now;
            (_serverMilliseconds, _at) = (milliseconds, asked);
        }

        Saw(milliseconds * 1000);
        return ahead;
    }

    /// <summary>A stamp was seen.</summary>
    public void Saw(long stamp)
    {
        for (var current = Stamp; stamp > current;)
        {
            var seen = Interlocked.CompareExchange(ref _stamp, stamp, current);
            if (seen == current)
            {
                return;
            }

            current = seen;
        }
    }
}
