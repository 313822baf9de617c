using Millrace.Caching.Invalidation;

namespace Millrace.Caching.Remote;

// Invalidations of this node that the second level may not have: those that failed, and those of the last seconds before a connection was lost,
// which a replica that was promoted may not have got. They are carried out again before the level is asked again. Doing one twice costs a miss.
//
// The seconds are counted back from the moment of the loss (OweRecent), not from the recovery: a promotion may take longer than they are.
//
// Keys whose server is away while others of a cluster are not are parked: they are owed to that server alone, and do not keep the level away.
//
// Bound: beyond `Limit` names it stands for everything.
internal sealed class Journal(TimeProvider time)
{
    public const int Limit = 65_536;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10); // longer than a failover takes to be noticed

    private readonly Lock _lock = new(); // guards the fields below
    private readonly Queue<(long At, JournalKind Kind, string Name)> _recent = new();
    private readonly HashSet<(JournalKind Kind, string Name)> _owed = [];
    private readonly HashSet<string> _parked = new(StringComparer.Ordinal);
    private bool _owesEverything;
    private long _settledAt; // when nothing that was sent can be carried out any more; 0: nothing was
    private long? _droppedAt; // the latest that is not remembered any more

    /// <summary>Whether something failed that has to be made up for.</summary>
    public bool IsOwing
    {
        get
        {
            lock (_lock)
            {
                return _owed.Count > 0 || _owesEverything;
            }
        }
    }

    /// <summary>Notes what is about to be invalidated.</summary>
    public void Note(JournalKind kind, string name)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            while (_recent.TryPeek(out var oldest) && (time.GetElapsedTime(oldest.At, now) > Window || _recent.Count >= Limit))
            {
                _recent.Dequeue();
                _droppedAt = oldest.At;
            }

            _recent.Enqueue((now, kind, name));
        }
    }

    /// <summary>A value was sent whose fate is unknown; it may be stored until a moment, a timestamp.</summary>
    public void Unsettled(long until)
    {
        lock (_lock)
        {
            _settledAt = Math.Max(_settledAt, until);
        }
    }

    /// <summary>How long values that were sent may still be stored.</summary>
    public TimeSpan SettledIn
    {
        get
        {
            lock (_lock)
            {
                var now = time.GetTimestamp();
                return _settledAt > now ? time.GetElapsedTime(now, _settledAt) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>What was noted could not be carried out.</summary>
    public void Owe(JournalKind kind, string name)
    {
        lock (_lock)
        {
            OweLocked(kind, name);
        }
    }

    /// <summary>The connection is lost: what was noted in the last seconds is owed, however long it takes until it can be paid.</summary>
    public void OweRecent()
    {
        lock (_lock)
        {
            OweRecentLocked();
        }
    }

    /// <summary>What was noted of a key could not be carried out, because its server is away.</summary>
    public void Park(string key)
    {
        lock (_lock)
        {
            ParkLocked(key);
        }
    }

    /// <summary>A server of several is lost: what is owed of its keys, or was noted in the last seconds, is parked.</summary>
    public void ParkRecent(Predicate<string> isOfServer)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            foreach (var (at, kind, name) in _recent)
            {
                if (kind == JournalKind.Key && time.GetElapsedTime(at, now) <= Window && isOfServer(name))
                {
                    ParkLocked(name);
                }
            }

            foreach (var (kind, name) in _owed.Where(owed => owed.Kind == JournalKind.Key && isOfServer(owed.Name)).ToArray())
            {
                _owed.Remove((kind, name));
                ParkLocked(name);
            }
        }
    }

    /// <summary>Whether anything is parked of a server.</summary>
    public bool HasParked(Predicate<string> isOfServer)
    {
        lock (_lock)
        {
            return _parked.Any(key => isOfServer(key));
        }
    }

    /// <summary>Takes what is parked of a server. What fails of it is to be parked again.</summary>
    public string[] TakeParked(Predicate<string> isOfServer)
    {
        lock (_lock)
        {
            string[] taken = [.. _parked.Where(key => isOfServer(key))];
            _parked.ExceptWith(taken);
            return taken;
        }
    }

    /// <summary>Takes all that has to be carried out again. What fails of it is to be owed again.</summary>
    public (List<string> Keys, List<string> Tags, List<KeyGlob> Patterns, bool Everything) Take()
    {
        lock (_lock)
        {
            OweRecentLocked();
            var all = _owed.ToArray();
            var everything = _owesEverything;
            _owed.Clear();
            _owesEverything = false;
            return (Names(JournalKind.Key), Names(JournalKind.Tag), [.. Names(JournalKind.Pattern).Select(KeyGlob.Parse)], everything);

            List<string> Names(JournalKind kind) => [.. all.Where(entry => entry.Kind == kind).Select(static entry => entry.Name)];
        }
    }

    private void OweRecentLocked()
    {
        var now = time.GetTimestamp();
        _owesEverything |= _droppedAt is { } dropped && time.GetElapsedTime(dropped, now) <= Window;
        _droppedAt = null;
        while (_recent.TryDequeue(out var recent))
        {
            if (time.GetElapsedTime(recent.At, now) <= Window)
            {
                OweLocked(recent.Kind, recent.Name);
            }
        }
    }

    private void ParkLocked(string key)
    {
        if (_parked.Count >= Limit)
        {
            OweLocked(JournalKind.Everything, "");
        }
        else if (!_owesEverything)
        {
            _parked.Add(key);
        }
    }

    private void OweLocked(JournalKind kind, string name)
    {
        if (kind == JournalKind.Everything || _owed.Count >= Limit)
        {
            _owesEverything = true;
            _owed.Clear();
            _parked.Clear(); // everything is invalidated by a stamp, which covers what comes back
        }
        else if (!_owesEverything)
        {
            _owed.Add((kind, name));
        }
    }
}
