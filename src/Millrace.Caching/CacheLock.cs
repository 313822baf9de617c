using Microsoft.Extensions.Logging;
using Millrace.Caching.Locking;
using Millrace.Redis;

namespace Millrace.Caching;

/// <summary>
/// A lock that is held. It is renewed by itself until it is released or disposed, or lost: then <see cref="Lost"/> is cancelled, and the work that it
/// protects has to stop. Pass <see cref="FencingToken"/> along with every write, and let the place that is written to refuse a smaller one than it
/// has seen: that also stops a holder who has not noticed his loss yet. Thread-safe.
/// </summary>
public sealed class CacheLock : IAsyncDisposable
{
    private const int Held = 0;
    private const int Gone = 1;
    private const int MaximumReleases = 3; // a broken connection is noticed by the command that fails on it

    private readonly LockStore _store;
    private readonly LeaseKeeper _keeper;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _lost = new(); // holds nothing but memory, and is looked at as long as anybody likes
    private long _deadline;
    private int _state;

    internal CacheLock(string name, string owner, long token, TimeSpan lease, DateTimeOffset deadline, LockStore store, LeaseKeeper keeper, ILogger logger)
    {
        (Name, Owner, FencingToken, Lease, Deadline) = (name, owner, token, lease, deadline);
        (_store, _keeper, _logger) = (store, keeper, logger);
    }

    /// <summary>The lock's name.</summary>
    public string Name { get; }

    /// <summary>
    /// A number that grows each time the lock is taken, by whomever, also when the server has forgotten the last one: it is the server's time in
    /// microseconds, or one more than the last where that is larger. Greater than zero.
    /// </summary>
    public long FencingToken { get; }

    /// <summary>Is cancelled when the lock is lost: it could not be renewed in time, or the server does not know it any more. Not by its release.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>
    /// Whether it is held, as far as this process knows. Counted from before the last renewal was sent, and so false before the server gives the lock
    /// to somebody else, as long as both clocks run equally fast.
    /// </summary>
    public bool IsHeld => Volatile.Read(ref _state) == Held && _keeper.Clock.Now < Deadline;

    internal string Owner { get; }

    internal TimeSpan Lease { get; }

    /// <summary>When the lease ends.</summary>
    internal DateTimeOffset Deadline
    {
        get => new(Volatile.Read(ref _deadline), TimeSpan.Zero);
        set => Volatile.Write(ref _deadline, value.UtcTicks);
    }

    /// <summary>When it is to be renewed; the keeper's.</summary>
    internal DateTimeOffset RenewAt { get; set; }

    /// <summary>The renewal that is going on; the keeper's.</summary>
    internal Task Renewal { get; set; } = Task.CompletedTask;

    /// <summary>Gives the lock back, if it is still held, and never anybody else's.</summary>
    /// <param name="cancellationToken">Gives up; the lock may be given back nevertheless, and ends with its lease at the latest.</param>
    /// <returns>
    /// False when it was lost, or released before. Where a connection broke and so nobody can say which attempt gave it back, true if by this process's
    /// clock it was still held.
    /// </returns>
    /// <exception cref="RedisException">Redis did not answer, also when asked again; the lock ends with its lease at the latest.</exception>
    public async ValueTask<bool> ReleaseAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _state, Gone) != Held)
        {
            return false;
        }

        _keeper.Remove(this);
        var wasHeld = _keeper.Clock.Now < Deadline;
        var mayBeReleased = false;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _store.ReleaseAsync(Name, Owner, cancellationToken).ConfigureAwait(false) || (mayBeReleased && wasHeld);
            }
            catch (RedisConnectionException failure) when (attempt < MaximumReleases)
            {
                mayBeReleased |= failure.Delivery != RedisDelivery.NotSent; // nobody else is ever called Owner, so that asking again is safe
            }
        }
    }

    /// <summary>Gives the lock back as <see cref="ReleaseAsync"/> does; where Redis does not answer, that is logged and the lock ends with its lease.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await ReleaseAsync().ConfigureAwait(false);
        }
        catch (RedisException failure)
        {
            Statistics.Log.LockNotReleased(_logger, failure, Name);
        }
    }

    internal void Lose(string reason)
    {
        if (Interlocked.Exchange(ref _state, Gone) == Held)
        {
            Statistics.Log.LockLost(_logger, Name, FencingToken, reason);
            _ = _lost.CancelAsync(); // the callbacks are the holder's, and so are their exceptions
        }
    }
}
