namespace Millrace.Caching.Sharing;

/// <summary>
/// Values under names that expire, in memory and bounded. Each call also removes a few that have expired, so that what nobody asks for again
/// does not stay. For one caller at a time: its owner holds a lock.
/// </summary>
internal sealed class ExpiringTable<T>(int limit)
    where T : class
{
    private const int RemovedAtOnce = 4;
    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Slot, DateTimeOffset> _due = new(); // each slot that expires stands here once, at its due time or before

    public int Count => _slots.Count;

    public T? Find(string name, DateTimeOffset now)
    {
        RemoveExpired(now, RemovedAtOnce);
        return Live(name, now)?.Value;
    }

    /// <summary>When it expires; <see cref="DateTimeOffset.MaxValue"/>: never; null: there is none.</summary>
    public DateTimeOffset? ExpiryOf(string name, DateTimeOffset now) => Live(name, now)?.Expires;

    /// <summary>Sets a value and its expiry.</summary>
    /// <returns>False when it is new and the table is full of what has not expired.</returns>
    public bool TrySet(string name, T value, DateTimeOffset expires, DateTimeOffset now)
    {
        RemoveExpired(now, RemovedAtOnce);
        if (!_slots.TryGetValue(name, out var slot))
        {
            if (_slots.Count >= limit)
            {
                RemoveExpired(now, int.MaxValue);
                if (_slots.Count >= limit)
                {
                    return false;
                }
            }

            _slots[name] = slot = new Slot(name, value);
        }

        slot.Value = value;
        Expire(slot, expires);
        return true;
    }

    /// <summary>As <see cref="TrySet"/>; in a full table the value that expires first makes room. For tables whose values all expire.</summary>
    public void Set(string name, T value, DateTimeOffset expires, DateTimeOffset now)
    {
        while (!TrySet(name, value, expires, now))
        {
            if (!_due.TryDequeue(out var slot, out _))
            {
                throw new InvalidOperationException($"The table's {limit} values never expire: none can make room.");
            }

            Drop(slot);
        }
    }

    public bool Remove(string name, DateTimeOffset now)
    {
        var live = Live(name, now);
        if (live is not null)
        {
            live.IsRemoved = _slots.Remove(name);
        }

        return live is not null;
    }

    private Slot? Live(string name, DateTimeOffset now) => _slots.TryGetValue(name, out var slot) && slot.Expires > now ? slot : null;

    private void Expire(Slot slot, DateTimeOffset expires)
    {
        slot.Expires = expires;
        if (expires != DateTimeOffset.MaxValue && (!slot.IsQueued || expires < slot.Queued))
        {
            // An earlier place of the same slot in the queue is passed over when its turn comes.
            (slot.IsQueued, slot.Queued) = (true, expires);
            _due.Enqueue(slot, expires);
            if (_due.Count > 64 + (2 * limit))
            {
                Rebuild();
            }
        }
    }

    private void RemoveExpired(DateTimeOffset now, int most)
    {
        for (var i = 0; i < most && _due.TryPeek(out var slot, out var due) && due <= now; i++)
        {
            _due.Dequeue();
            if (slot.IsRemoved || !slot.IsQueued || slot.Queued != due)
            {
                continue;
            }

            slot.IsQueued = false;
            if (slot.Expires <= now)
            {
                Drop(slot);
            }
            else
            {
                Expire(slot, slot.Expires);
            }
        }
    }

    private void Rebuild()
    {
        _due.Clear();
        foreach (var slot in _slots.Values)
        {
            slot.IsQueued = false;
            Expire(slot, slot.Expires);
        }
    }

    private void Drop(Slot slot)
    {
        if (!slot.IsRemoved)
        {
            slot.IsRemoved = _slots.Remove(slot.Name);
        }
    }

    private sealed class Slot(string name, T value)
    {
        public string Name { get; } = name;

        public T Value { get; set; } = value;

        public DateTimeOffset Expires { get; set; }

        public DateTimeOffset Queued { get; set; }

        public bool IsQueued { get; set; }

        public bool IsRemoved { get; set; }
    }
}
