namespace Millrace.Caching.Local;

// What the timer does: takes out what is over or invalidated, a stated number of entries per hold of the lock.
internal sealed partial class LocalStore
{
    /// <summary>The timer's work: reclaims what is expired, and walks on through what may be invalidated.</summary>
    private void Maintain()
    {
        while (!ReclaimExpired())
        {
        }

        for (var looked = 0; looked < WalkPerTick && !ReclaimInvalidated(); looked += EntriesPerHold)
        {
        }

        lock (_lock)
        {
            Trim();
            _armed = false;
            Arm();
        }
    }

    /// <summary>Looks at a stated number of due entries; true when no more are due.</summary>
    private bool ReclaimExpired()
    {
        lock (_lock)
        {
            var now = _clock.Now;
            for (var i = 0; i < EntriesPerHold; i++)
            {
                if (_wheel.TakeDue(now) is not { } entry)
                {
                    return true;
                }

                Reclaim(entry, now);
            }

            return false;
        }
    }

    /// <summary>Walks a stated number of places on; true when all have been looked at since the last invalidation.</summary>
    private bool ReclaimInvalidated()
    {
        lock (_lock)
        {
            if (!_isWalking)
            {
                if (_walkedAt == _ledger.Sequence)
                {
                    return true;
                }

                (_isWalking, _walkedAt, _entries.WalkAt) = (true, _ledger.Sequence, 0);
            }

            for (var i = 0; i < EntriesPerHold; i++)
            {
                if (_entries.WalkAt >= _entries.Length)
                {
                    _isWalking = false;
                    _ledger.Walked(_walkedAt);
                    return true;
                }

                if (_entries.At(_entries.WalkAt++) is { } entry)
                {
                    ReclaimInvalidated(entry);
                }
            }

            return false;
        }
    }

    private void ReclaimInvalidated(Entry entry)
    {
        var stamp = entry.Stamp;
        if (_ledger.CoversStale(stamp, stamp, entry.Key, entry.Tags))
        {
            Remove(entry);
        }
        else if (stamp < _walkedAt && !_ledger.Covers(stamp, stamp, entry.Key, entry.Tags))
        {
            entry.Stamp = _walkedAt;
        }
    }
}
