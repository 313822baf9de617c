using Millrace.Caching.Sharing;

namespace Millrace.Caching.Locking;

/// <summary>
/// Renews the leases of all locks that this process holds, with one timer: each after a third of its lease, and after a failure each tenth of it until
/// it ends. Tells a holder whose lease has ended, or whose lock is another's. Thread-safe.
/// </summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);

    private readonly LockStore _store;
    private readonly int _limit;
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new(); // guards _held, _next, _closed and the times of the locks in it
    private readonly HashSet<CacheLock> _held = [];
    private DateTimeOffset _next = DateTimeOffset.MaxValue;
    private CacheLock[]? _closed;

    public LeaseKeeper(LockStore store, TimeProvider time, SteadyClock clock, int limit)
    {
        (_store, Clock, _limit) = (store, clock, limit);
        _timer = time.CreateTimer(static keeper => ((LeaseKeeper)keeper!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public SteadyClock Clock { get; }

    /// <exception cref="InvalidOperationException">Too many are held.</exception>
    public void CheckRoom(string name)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed is not null, typeof(CacheLocks));
            if (_held.Count >= _limit)
            {
                throw new InvalidOperationException($"{_limit} locks are held in this process, which is the limit: lock '{name}' is refused. Give some back, or use fewer and wider ones.");
            }
        }
    }

    /// <returns>False when the keeper has been disposed.</returns>
    public bool Add(CacheLock held)
    {
        lock (_lock)
        {
            if (_closed is not null)
            {
                return false;
            }

            _held.Add(held);
            held.RenewAt = held.Deadline - (held.Lease * 2 / 3);
            Schedule(held.RenewAt);
            return true;
        }
    }

    public void Remove(CacheLock held)
    {
        lock (_lock)
        {
            _held.Remove(held);
        }
    }

    /// <summary>Renews all at once: after a lost connection the server may have forgotten them.</summary>
    public void RenewNow()
    {
        lock (_lock)
        {
            var now = Clock.Now;
            foreach (var held in _held)
            {
                held.RenewAt = now;
            }

            if (_held.Count > 0)
            {
                Schedule(now);
            }
        }
    }

    /// <summary>All that are held; from now on none is taken in.</summary>
    public IReadOnlyList<CacheLock> Close()
    {
        lock (_lock)
        {
            return _closed ??= [.. _held];
        }
    }

    public async ValueTask DisposeAsync()
    {
        var held = Close();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (var one in held)
        {
            await one.Renewal.ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private void Tick()
    {
        List<CacheLock>? ended = null;
        List<CacheLock>? due = null;
        lock (_lock)
        {
            var now = Clock.Now;
            _next = DateTimeOffset.MaxValue;
            foreach (var held in _held)
            {
                if (held.Deadline <= now)
                {
                    (ended ??= []).Add(held);
                }
                else if (held.RenewAt <= now && held.Renewal.IsCompleted)
                {
                    (due ??= []).Add(held);
                    held.RenewAt = now + Max(held.Lease / 10, ShortestPause); // if this fails
                }
            }

            ended?.ForEach(held => _held.Remove(held));
            foreach (var held in _held)
            {
                var at = held.Renewal.IsCompleted && held.RenewAt < held.Deadline ? held.RenewAt : held.Deadline;
                _next = at < _next ? at : _next;
            }

            SetTimer(now);
        }

        ended?.ForEach(static held => held.Lose("It could not be renewed in time."));
        due?.ForEach(held => held.Renewal = RenewAsync(held));
    }

    /// <summary>Never fails: what happens, happens to the lock.</summary>
    private async Task RenewAsync(CacheLock held)
    {
        var sent = Clock.Now;
        try
        {
            if (await _store.RenewAsync(held.Name, held.Owner, held.Lease, _stop.Token).ConfigureAwait(false))
            {
                lock (_lock)
                {
                    held.Deadline = sent + held.Lease;
                    held.RenewAt = sent + (held.Lease / 3);
                    Schedule(held.RenewAt);
                }
            }
            else
            {
                Remove(held);
                held.Lose("The server does not know it any more: its lease ended there, or the server lost it.");
            }
        }
        catch (Exception failure) when (failure is Redis.RedisException or OperationCanceledException or ObjectDisposedException)
        {
            lock (_lock)
            {
                Schedule(held.RenewAt); // again, until the lease ends
            }
        }
    }

    private void Schedule(DateTimeOffset at)
    {
        if (at < _next && _closed is null)
        {
            _next = at;
            SetTimer(Clock.Now);
        }
    }

    private void SetTimer(DateTimeOffset now)
    {
        if (_next != DateTimeOffset.MaxValue && _closed is null)
        {
            // A timer may fire a little early, and counts in whole milliseconds.
            _timer.Change(_next > now ? TimeSpan.FromMilliseconds(Math.Ceiling((_next - now).TotalMilliseconds)) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
