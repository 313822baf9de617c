using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Caching.Locking;
using Millrace.Caching.Sharing;
using Millrace.Redis;

namespace Millrace.Caching;

/// <summary>
/// Locks that all nodes share, each under a name, held for a lease that is renewed until they are released: in Redis where there is one, else in the
/// memory of this process. A holder that crashes loses its lock when the lease ends. Time is the server's.
/// </summary>
/// <remarks>
/// <para>Thread-safe. Names have 1 to 512 characters, without braces and control characters. Locks are not reentrant.</para>
/// <para>
/// Two never hold a lock at once as long as the server that has it keeps it: one primary, whose clock runs as fast as this process's. A failover to a
/// replica that had not got the lock, and a restart without persistence, can give it to a second holder; the first is told when it renews. The second's
/// <see cref="CacheLock.FencingToken"/> is larger, so what checks tokens stays correct even then.
/// </para>
/// <para>
/// Waiters of one process get a lock in the order in which they came; among processes the first to ask after a release gets it. They are woken by a
/// message, and ask again when the holder's lease would end, each <see cref="PollInterval"/> at the latest.
/// </para>
/// </remarks>
public sealed class CacheLocks : IAsyncDisposable
{
    /// <summary>The locks that one process may hold: 10,000.</summary>
    public const int MaximumHeld = 10_000;

    /// <summary>The callers of one process that may wait: 10,000.</summary>
    public const int MaximumWaiting = 10_000;

    /// <summary>How long a waiter sleeps at most before it asks again, should no message wake it: two seconds.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ShortestLease = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);
    private static readonly string[] Transient = ["LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "FAILOVER"];

    private readonly LockStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LeaseKeeper _keeper;
    private readonly WaitingLine _line = new(MaximumWaiting);
    private readonly Lock _lock = new(); // guards _givingBack
    private readonly HashSet<Task> _givingBack = [];
    private int _isDisposed;

    internal CacheLocks(LockStore store, TimeProvider time, ILogger logger)
    {
        (_store, _time, _logger) = (store, time, logger);
        _keeper = new LeaseKeeper(store, time, new SteadyClock(time), MaximumHeld);
        _store.Released = OnReleased;
    }

    /// <summary>Locks in the memory of this process.</summary>
    /// <param name="timeProvider">Their time; null: the system's.</param>
    public static CacheLocks InMemory(TimeProvider? timeProvider = null) =>
        new(new MemoryLockStore(timeProvider ?? TimeProvider.System), timeProvider ?? TimeProvider.System, NullLogger.Instance);

    /// <summary>Locks in Redis, under keys that begin with <c>cache:!lock:</c>; releases are told on the channel <c>cache:!lock</c>.</summary>
    /// <param name="client">The client; it stays the caller's, and is disposed after the locks.</param>
    /// <param name="keyPrefix">What the keys begin with.</param>
    /// <param name="timeProvider">The time of renewals and waits; null: the system's.</param>
    /// <param name="logger">Is told of lost locks; null: nobody is.</param>
    public static CacheLocks InRedis(RedisClient client, string keyPrefix = "cache:", TimeProvider? timeProvider = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(keyPrefix);
        return new(new RedisLockStore(client, keyPrefix, logger ?? NullLogger.Instance), timeProvider ?? TimeProvider.System, logger ?? NullLogger.Instance);
    }

    /// <summary>Takes a lock if nobody has it, without waiting; also before those who wait.</summary>
    /// <param name="name">The lock.</param>
    /// <param name="lease">How long it stays taken after its holder has crashed, and how long it survives without Redis. From 100 ms to 1 day.</param>
    /// <param name="cancellationToken">Gives up; should the lock have been taken, it is given back.</param>
    /// <returns>The lock, to be disposed; null when another has it.</returns>
    /// <exception cref="ArgumentException">The name or the lease breaks the rules.</exception>
    /// <exception cref="InvalidOperationException">This process holds too many locks.</exception>
    /// <exception cref="RedisException">Redis did not answer.</exception>
    public async ValueTask<CacheLock?> TryAcquireAsync(string name, TimeSpan lease, CancellationToken cancellationToken = default)
    {
        Check(name, lease);
        var owner = NewOwner();
        try
        {
            return (await AskAsync(name, owner, lease, isWaiting: false, cancellationToken).ConfigureAwait(false)).Lock;
        }
        catch
        {
            GiveBack(name, owner);
            throw;
        }
    }

    /// <summary>Takes a lock, as soon as nobody has it. An outage of Redis is waited out like a holder.</summary>
    /// <param name="name">The lock.</param>
    /// <param name="lease">How long it stays taken after its holder has crashed, and how long it survives without Redis. From 100 ms to 1 day.</param>
    /// <param name="wait">How long to wait for it, from zero to 1 day; with zero it is asked for once, as <see cref="TryAcquireAsync"/> does.</param>
    /// <param name="cancellationToken">Gives up; should the lock have been taken, it is given back.</param>
    /// <returns>The lock, to be disposed.</returns>
    /// <exception cref="TimeoutException">It was not to be had in that time; the inner exception says why when Redis did not answer.</exception>
    /// <exception cref="ArgumentException">The name, the lease or the wait breaks the rules.</exception>
    /// <exception cref="InvalidOperationException">This process holds too many locks, or too many of its callers wait.</exception>
    /// <exception cref="RedisServerException">Redis refused for a reason that waiting does not change.</exception>
    public async ValueTask<CacheLock> AcquireAsync(string name, TimeSpan lease, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        Check(name, lease);
        ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wait, Longest);
        if (wait == TimeSpan.Zero)
        {
            return await TryAcquireAsync(name, lease, cancellationToken).ConfigureAwait(false)
                ?? throw new TimeoutException($"Lock '{name}' is another's, and there was no time to wait for it.");
        }

        using var limit = new CancellationTokenSource(wait, _time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var owner = NewOwner();
        var attempt = new Attempt();
        try
        {
            using var place = await _line.EnterAsync(name, ending.Token).ConfigureAwait(false);
            return await WaitAsync(place, owner, lease, attempt, ending.Token).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            GiveBack(name, owner);
            if (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"Lock '{name}' was not to be had within {wait}.", attempt.Failure);
            }

            throw;
        }
    }

    /// <summary>Gives back all locks that are held, as far as Redis answers, and ends renewals. Those who wait are refused.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        foreach (var held in _keeper.Close())
        {
            await held.DisposeAsync().ConfigureAwait(false);
        }

        _line.Wake(null);
        await _keeper.DisposeAsync().ConfigureAwait(false);
        Task[] givingBack;
        lock (_lock)
        {
            givingBack = [.. _givingBack];
        }

        await Task.WhenAll(givingBack).ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
    }

    // 1. Ask once without any preparation: most locks are free.
    // 2. Listen for releases and notice them, before asking again: none falls between.
    // 3. Ask, and leave word that somebody waits.
    // 4. Sleep until a release, the end of the holder's lease, or the poll interval.
    private async ValueTask<CacheLock> WaitAsync(WaitingLine.Place place, string owner, TimeSpan lease, Attempt attempt, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            var pause = PollInterval;
            try
            {
                if (!isFirst)
                {
                    place.Arm();
                    await _store.ListenAsync(cancellationToken).ConfigureAwait(false); // 2
                }

                var (held, remaining) = await AskAsync(place.Name, owner, lease, isWaiting: !isFirst, cancellationToken).ConfigureAwait(false); // 1, 3
                if (held is not null)
                {
                    return held;
                }

                pause = isFirst ? TimeSpan.Zero : remaining < pause ? remaining : pause;
            }
            catch (RedisException failure) when (failure is not RedisServerException { Code: var code } || Array.IndexOf(Transient, code) >= 0)
            {
                attempt.Failure = failure;
                pause = ShortestLease;
            }

            await SleepAsync(place, pause, cancellationToken).ConfigureAwait(false); // 4
        }
    }

    private async ValueTask SleepAsync(WaitingLine.Place place, TimeSpan pause, CancellationToken cancellationToken)
    {
        if (pause > TimeSpan.Zero)
        {
            try
            {
                await place.Signal.Task.WaitAsync(pause + TimeSpan.FromMilliseconds(1), _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // No message came: ask again.
            }
        }
    }

    private async ValueTask<(CacheLock? Lock, TimeSpan Remaining)> AskAsync(string name, string owner, TimeSpan lease, bool isWaiting, CancellationToken cancellationToken)
    {
        _keeper.CheckRoom(name);
        var sent = _keeper.Clock.Now; // the server's lease ends later than one that is counted from here
        var answer = await _store.AcquireAsync(name, owner, lease, isWaiting, cancellationToken).ConfigureAwait(false);
        if (!answer.IsAcquired)
        {
            return (null, answer.Remaining);
        }

        if (_keeper.Clock.Now - sent >= lease)
        {
            await _store.ReleaseAsync(name, owner, cancellationToken).ConfigureAwait(false); // the answer came when the lease was over
            return (null, ShortestLease);
        }

        var held = new CacheLock(name, owner, answer.Token, lease, sent + lease, _store, _keeper, _logger);
        ObjectDisposedException.ThrowIf(!_keeper.Add(held), this);
        return (held, TimeSpan.Zero);
    }

    /// <summary>What was asked for may have been taken, or may be yet: a release that is sent after it undoes it.</summary>
    private void GiveBack(string name, string owner)
    {
        var task = GiveBackAsync(name, owner);
        if (task.IsCompleted)
        {
            return;
        }

        lock (_lock)
        {
            _givingBack.Add(task);
        }

        _ = task.ContinueWith(
            (done, locks) =>
            {
                lock (((CacheLocks)locks!)._lock)
                {
                    _givingBack.Remove(done);
                }
            },
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private async Task GiveBackAsync(string name, string owner)
    {
        try
        {
            await _store.ReleaseAsync(name, owner, CancellationToken.None).ConfigureAwait(false); // ends with the client's time-out
        }
        catch (RedisException failure)
        {
            Statistics.Log.LockNotReleased(_logger, failure, name);
        }
    }

    private void OnReleased(string? name)
    {
        _line.Wake(name);
        if (name is null)
        {
            _keeper.RenewNow();
        }
    }

    private static string NewOwner() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static void Check(string name, TimeSpan lease)
    {
        SharedNames.Check(name, "lock", nameof(name));
        if (lease < ShortestLease || lease > Longest)
        {
            throw new ArgumentOutOfRangeException(nameof(lease), lease, $"The lease of a lock must be from {ShortestLease.TotalMilliseconds} ms to {Longest.TotalDays} day.");
        }
    }

    private sealed class Attempt
    {
        public RedisException? Failure { get; set; }
    }
}
