namespace Millrace.Caching.Remote;

/// <summary>The server's time as this node can tell it: its last answer, and what has passed here since. Thread-safe.</summary>
internal sealed class ServerClock(TimeProvider time)
{
    private readonly Lock _lock = new(); // one answer at a time
    private readonly long _start = time.GetTimestamp();
    private long _offset = time.GetUtcNow().Ticks - DateTime.UnixEpoch.Ticks; // its time at _start, in ticks since 1970; until the server has said it, this node's
    private long _stamp;

    /// <summary>Milliseconds since 1970.</summary>
    public long Now => (Volatile.Read(ref _offset) + time.GetElapsedTime(_start).Ticks) / TimeSpan.TicksPerMillisecond;

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
            Volatile.Write(ref _offset, (milliseconds * TimeSpan.TicksPerMillisecond) - time.GetElapsedTime(_start, asked).Ticks);
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
