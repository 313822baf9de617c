using System.Collections.Concurrent;

namespace Millrace.Redis.Connection;

/// <summary>
/// A coarse clock for time-outs, one for each client: reading it costs a load. It ticks every 50 ms and tells whoever watches. Time-outs are
/// therefore late by up to a tick, never early.
/// </summary>
internal sealed class ClientClock : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly ConcurrentDictionary<IClockWatcher, byte> _watchers = new();
    private long _now;
    private int _isTicking;

    public ClientClock(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static clock => ((ClientClock)clock!).OnTick(), this, Tick, Tick);
    }

    /// <summary>Milliseconds since the clock was made, as of the last tick.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>When something that begins now times out.</summary>
    public long After(TimeSpan timeout) =>
        timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : Now + (long)Math.Ceiling(timeout.TotalMilliseconds) + (long)Tick.TotalMilliseconds;

    public void Watch(IClockWatcher watcher) => _watchers.TryAdd(watcher, 0);

    public void Unwatch(IClockWatcher watcher) => _watchers.TryRemove(watcher, out _);

    public void Dispose() => _timer.Dispose();

    private void OnTick()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) != 0)
        {
            return; // the tick before is still at work
        }

        try
        {
            var now = (long)_time.GetElapsedTime(_start).TotalMilliseconds;
            Volatile.Write(ref _now, now);
            foreach (var (watcher, _) in _watchers)
            {
                watcher.OnTick(now);
            }
        }
        finally
        {
            Volatile.Write(ref _isTicking, 0);
        }
    }
}
