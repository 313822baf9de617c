using Millrace.Caching.Sharing;

namespace Millrace.Caching.Counting;

/// <summary>Counters of one process: the specification that the script follows.</summary>
internal sealed class MemoryCounters : CacheCounters
{
    private readonly Lock _lock = new(); // guards _counters and what is in it
    private readonly ExpiringTable<Counter> _counters;
    private readonly SteadyClock _clock;
    private readonly int _limit;

    public MemoryCounters(TimeProvider time, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        (_clock, _limit, _counters) = (new SteadyClock(time), limit, new ExpiringTable<Counter>(limit));
    }

    public override ValueTask<DateTimeOffset> GetServerTimeAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(_clock.Now);
    }

    private protected override ValueTask<long> AddAsync(string name, long by, CounterExpiry expiry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            var counter = _counters.Find(name, now);
            if (counter is not null)
            {
                try
                {
                    counter.Value = checked(counter.Value + by);
                }
                catch (OverflowException overflow)
                {
                    throw Faults.Overflow(name, overflow);
                }

                if (expiry is { IsSliding: true, Lifetime: { } lifetime })
                {
                    Set(name, counter, now + lifetime, now);
                }

                return new(counter.Value);
            }

            Set(name, new Counter { Value = by }, expiry.Lifetime is { } first ? now + first : DateTimeOffset.MaxValue, now);
            return new(by);
        }
    }

    private protected override ValueTask<long?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new(_counters.Find(name, _clock.Now)?.Value);
        }
    }

    private protected override ValueTask<long?[]> ReadAsync(string[] names, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            return new(Array.ConvertAll(names, name => _counters.Find(name, now)?.Value));
        }
    }

    private protected override ValueTask WriteAsync(KeyValuePair<string, long>[] values, TimeSpan? lifetime, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            foreach (var (name, value) in values)
            {
                Set(name, new Counter { Value = value }, lifetime is { } span ? now + span : DateTimeOffset.MaxValue, now);
            }
        }

        return ValueTask.CompletedTask;
    }

    private protected override ValueTask<long?> TakeAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            var value = _counters.Find(name, now)?.Value;
            _counters.Remove(name, now);
            return new(value);
        }
    }

    private protected override ValueTask<bool> ProlongAsync(string name, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            if (_counters.Find(name, now) is not { } counter)
            {
                return new(false);
            }

            Set(name, counter, now + lifetime, now);
            return new(true);
        }
    }

    private protected override ValueTask<TimeSpan?> TimeLeftAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            return new(_counters.ExpiryOf(name, now) switch
            {
                null => null,
                { } expires when expires == DateTimeOffset.MaxValue => Timeout.InfiniteTimeSpan,
                { } expires => expires - now,
            });
        }
    }

    private protected override ValueTask<bool> IsThereAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new(_counters.Find(name, _clock.Now) is not null);
        }
    }

    private void Set(string name, Counter counter, DateTimeOffset expires, DateTimeOffset now)
    {
        if (!_counters.TrySet(name, counter, expires, now))
        {
            throw new InvalidOperationException(
                $"There are {_limit} counters in memory, which is their limit: counter '{name}' is refused. Give counters an expiry, raise the limit, or share them in Redis.");
        }
    }

    private sealed class Counter
    {
        public long Value { get; set; }
    }
}
