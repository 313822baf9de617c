namespace Millrace.Jobs.Stores.Memory;

/// <summary>What keeps jobs out of a queue or in it: unique keys and limits. Outlives the queue's jobs.</summary>
internal sealed class QueueGuard
{
    private readonly Dictionary<string, UniqueHold> _holds = new(StringComparer.Ordinal);
    private readonly StartLog _starts = new();

    /// <summary>What the rate of groups has to remember.</summary>
    public GroupBuckets Buckets { get; } = new();

    /// <summary>As many run as may: nothing to claim until one ends.</summary>
    public bool Full { get; set; }

    /// <summary>The rate is used up: nothing to claim before.</summary>
    public DateTimeOffset BlockedUntil { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>The job that holds a key now; null when it is free.</summary>
    public string? Holder(string key, DateTimeOffset now) =>
        _holds.TryGetValue(key, out var hold) && (hold.Until != UniqueUntil.Elapsed || hold.EndsAt > now) ? hold.Id : null;

    public void Hold(JobUniqueness unique, string id, DateTimeOffset now) =>
        _holds[unique.Key] = new UniqueHold(id, unique.Until, unique.Until == UniqueUntil.Elapsed ? now + unique.Period : default);

    /// <summary>Gives a job's key back, unless it is held for a time.</summary>
    public void Release(JobUniqueness? unique, string id)
    {
        if (unique is not null && _holds.TryGetValue(unique.Key, out var hold) && hold.Id == id && hold.Until != UniqueUntil.Elapsed)
        {
            _holds.Remove(unique.Key);
        }
    }

    /// <summary>Forgets keys whose time is over, and groups whose rate is not used.</summary>
    public void Forget(DateTimeOffset now)
    {
        Buckets.Forget(now);
        foreach (var (key, hold) in _holds)
        {
            if (hold.Until == UniqueUntil.Elapsed && hold.EndsAt <= now)
            {
                _holds.Remove(key);
            }
        }
    }

    /// <summary>How many jobs may be claimed, of so many that run already.</summary>
    public int Allow(QueueCapacity limits, long running, DateTimeOffset now)
    {
        var allowed = limits.MaximumRunning is { } most ? (int)Math.Clamp(most - running, 0, limits.Capacity) : limits.Capacity;
        return limits.Rate is { } rate ? Math.Min(allowed, _starts.Free(rate, now.ToUnixTimeMilliseconds())) : allowed;
    }

    /// <summary>Takes note of a claim: so many run now, so many of them were started by it.</summary>
    public void Started(QueueCapacity limits, long running, int started, DateTimeOffset now)
    {
        Full = limits.MaximumRunning is { } most && running >= most;
        BlockedUntil = DateTimeOffset.MinValue;
        if (limits.Rate is { } rate)
        {
            _starts.Take(rate, now.ToUnixTimeMilliseconds(), started);
            if (_starts.Free(rate, now.ToUnixTimeMilliseconds()) == 0)
            {
                BlockedUntil = DateTimeOffset.FromUnixTimeMilliseconds((long)_starts.Next(rate));
            }
        }
    }
}
