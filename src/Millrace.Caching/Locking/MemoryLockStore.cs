using Millrace.Caching.Sharing;

namespace Millrace.Caching.Locking;

/// <summary>Locks of one process: the specification that the scripts follow.</summary>
internal sealed class MemoryLockStore(TimeProvider time) : LockStore
{
    private const int Limit = 1_000_000;
    private static readonly TimeSpan TokenMemory = TimeSpan.FromDays(7);
    private readonly Lock _lock = new(); // guards the tables
    private readonly ExpiringTable<string> _holders = new(Limit);
    private readonly ExpiringTable<LastToken> _tokens = new(Limit);
    private readonly SteadyClock _clock = new(time);

    public override ValueTask<LockAnswer> AcquireAsync(string name, string owner, TimeSpan lease, bool isWaiting, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            var holder = _holders.Find(name, now);
            var last = _tokens.Find(name, now)?.Value ?? 0;
            if (holder is not null && holder != owner)
            {
                return new(new LockAnswer(0, _holders.ExpiryOf(name, now)!.Value - now));
            }

            if (!_holders.TrySet(name, owner, now + lease, now))
            {
                throw new InvalidOperationException($"{Limit} locks are held in this process, which is the limit: lock '{name}' is refused.");
            }

            var token = holder is null ? Math.Max((now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, last + 1) : last;
            _tokens.Set(name, new LastToken(token), now + TokenMemory, now);
            return new(new LockAnswer(token, TimeSpan.Zero));
        }
    }

    public override ValueTask<bool> RenewAsync(string name, string owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            return new(_holders.Find(name, now) == owner && _holders.TrySet(name, owner, now + lease, now));
        }
    }

    public override ValueTask<bool> ReleaseAsync(string name, string owner, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var now = _clock.Now;
            if (_holders.Find(name, now) != owner || !_holders.Remove(name, now))
            {
                return new(false);
            }
        }

        TellReleased(name);
        return new(true);
    }

    public override ValueTask ListenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed record LastToken(long Value);
}
