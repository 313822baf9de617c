using System.Collections.Concurrent;

namespace Millrace.Caching.Flight;

// Who waits for the value that another reader is bringing, in this process or another, by key.
//
// No wake-up is lost: a flight listens first, then looks into the second level, and waits only if the lease still stands there. A change after that
// look is told by the server on the connection that looked, or by this process itself if it made the change, and fires the signal. Doomed flights
// listen like others, though no table of flights knows them any more.
internal sealed class ChangeSignals
{
    private readonly Lock _lock = new(); // guards additions and removals, and ChangeSignal.Listeners
    private readonly ConcurrentDictionary<string, ChangeSignal> _signals = new(StringComparer.Ordinal); // at most one per waiting flight
    private volatile int _count; // of _signals, which takes all of its locks to say so itself

    public ChangeSignal Listen(string key)
    {
        lock (_lock)
        {
            var signal = _signals.GetOrAdd(key, static _ => new ChangeSignal());
            if (signal.Listeners++ == 0)
            {
                _count++;
            }

            return signal;
        }
    }

    public void Leave(string key, ChangeSignal signal)
    {
        lock (_lock)
        {
            if (--signal.Listeners == 0)
            {
                _signals.TryRemove(key, out _);
                _count--;
            }
        }
    }

    /// <summary>Changes may have been missed: everybody looks again.</summary>
    public void FireAll()
    {
        foreach (var (_, signal) in _signals)
        {
            signal.Fire();
        }
    }

    public void Fire(string key)
    {
        if (_count > 0 && _signals.TryGetValue(key, out var signal))
        {
            signal.Fire();
        }
    }
}
