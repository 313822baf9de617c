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

    /// <summary>Walks a stated number of buckets on, each with one entry or a few; true when all have been looked at since the last invalidation.</summary>
    private bool ReclaimInvalidated()
    {
        lock (_lock)
        {
            if (_walkAt < 0)
            {
                if (_walkedAt == _ledger.Sequence)
                {
                    return true;
                }

                _walkedAt = _ledger.Sequence;
                _walkAt = 0;
            }

            // When the table has grown meanwhile, what has been looked at is in buckets below _walkAt, and again above: nothing is passed over.
            for (var i = 0; i < EntriesPerHold; i++)
            {
                if (_walkAt >= _entries.BucketCount)
                {
                    _walkAt = -1;
                    _ledger.Walked(_walkedAt);
                    return true;
                }

                for (var entry = _entries.First(_walkAt++); entry is not null; entry = entry.Next)
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
