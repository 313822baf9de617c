using Millrace.Caching.Local;

namespace Millrace.Caching.Flight;

/// <summary>One run of a factory that any number of callers wait for. It is cancelled when the last of them has gone.</summary>
/// <remarks>
/// Every miss makes one, so it is small and takes no lock: who waits and how far it is are one number, and what waiters wait for is made when the first
/// of them comes.
/// </remarks>
/// <param name="key">What it brings.</param>
/// <param name="tags">The tags of its first caller.</param>
/// <param name="stamp">The stamp of the last invalidation.</param>
/// <param name="order">Its place among all reads of sources.</param>
/// <param name="isCancellable">Whether it can be cancelled: its first caller may go, or its source has a limit.</param>
internal abstract class SingleFlight(FlightKey key, string[] tags, long stamp, long order, bool isCancellable) : PendingRead(stamp, order), IDisposable
{
    private const int SealedBit = 1;
    private const int LandedBit = 2;
    private const int AbandonedBit = 4;
    private const int Waiter = 8; // the bits above count them

    private readonly CancellationTokenSource? _cancellation = isCancellable ? new() : null;
    private string[] _tags = tags; // written under the lock on this object
    private int _state = Waiter;
    private volatile bool _isCancelled;
    private volatile bool _isWaiting;

    public FlightKey Key { get; private set; } = key;

    /// <summary>When it began, a timestamp of the cache's clock.</summary>
    public long StartedAt { get; set; }

    public abstract Type ValueType { get; }

    /// <summary>The token that the factory gets.</summary>
    public CancellationToken Token => _cancellation?.Token ?? CancellationToken.None;

    /// <summary>Whether the factory was asked to stop, or is not to begin.</summary>
    public bool IsCancelled => _isCancelled;

    /// <summary>True when nobody waits for it any more, and nobody may begin to.</summary>
    public bool IsAbandoned => (Volatile.Read(ref _state) & AbandonedBit) != 0;

    /// <summary>The flights that this one's factory waits for; guarded by the graph lock of <see cref="FlightTable"/>.</summary>
    public List<SingleFlight>? Awaited { get; set; }

    /// <summary>The hash of the key, the next flight of its bucket, and whether it is in one; guarded by the lock of <see cref="FlightTable"/>.</summary>
    public int Hash { get; set; }

    public SingleFlight? Next;

    public bool IsEntered { get; set; }

    /// <summary>The tags of all who joined while the factory ran: the value belongs to each of them.</summary>
    public string[] Tags => Volatile.Read(ref _tags);

    /// <summary>
    /// True while the flight holds no value, because another reader is at the source: a change of the key does it no harm, it reads again after it.
    /// </summary>
    public bool IsWaiting
    {
        get => _isWaiting;
        set => _isWaiting = value;
    }

    protected bool HasLanded => (Volatile.Read(ref _state) & LandedBit) != 0;

    /// <summary>Becomes a waiter; false when the flight is abandoned or has landed.</summary>
    public bool TryJoin(string[] tags)
    {
        AddTags(tags); // before the state says that there is one more waiter: who seals it after that sees them
        PrepareLanding();
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if ((state & (LandedBit | AbandonedBit)) != 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _state, state + Waiter, state) == state)
            {
                return true;
            }
        }
    }

    /// <summary>Stops waiting; true when that abandons a flight whose factory is still running.</summary>
    public bool Leave()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            var left = state - Waiter;
            var abandons = left < Waiter && (left & SealedBit) == 0;
            if (Interlocked.CompareExchange(ref _state, abandons ? left | AbandonedBit : left, state) == state)
            {
                return abandons;
            }
        }
    }

    /// <summary>Abandons a flight that only its own background work waits for; false when readers do.</summary>
    public bool TryAbandon()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if ((state & AbandonedBit) != 0)
            {
                return true;
            }

            if (state >= 2 * Waiter)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _state, state | AbandonedBit, state) == state)
            {
                return true;
            }
        }
    }

    /// <summary>The factory has ended: the tags stay as they are, and there is nothing to abandon any more.</summary>
    public void Seal() => Interlocked.Or(ref _state, SealedBit);

    /// <summary>Asks the factory to stop, without waiting for it.</summary>
    public void Cancel()
    {
        _isCancelled = true;
        _ = _cancellation?.CancelAsync(); // the callbacks are the factory's, and so are their exceptions
    }

    public void Dispose()
    {
        if (!IsAbandoned && !_isCancelled) // else the source may be at work in Cancel; it holds nothing but memory
        {
            _cancellation?.Dispose();
        }
    }

    /// <summary>After it has left the table: gives up what it holds, if it can be used again.</summary>
    public bool TryClear()
    {
        if (IsKnown || _cancellation is not null || HasWaiters)
        {
            return false;
        }

        (Key, _tags) = (default, []);
        return true;
    }

    /// <summary>Makes a cleared flight another one.</summary>
    public void Renew(in FlightKey key, string[] tags, long stamp, long order, long now)
    {
        Renew(stamp, order);
        (Key, _tags, _state, StartedAt) = (key, tags, Waiter, now);
    }

    /// <summary>Whether anybody waits for it to land, or has. Once it has landed, nobody begins to.</summary>
    public abstract bool HasWaiters { get; }

    /// <summary>Makes what those who join wait for.</summary>
    protected abstract void PrepareLanding();

    /// <summary>Nobody can join any more, and who leaves abandons nothing.</summary>
    protected void SayLanded() => Interlocked.Or(ref _state, SealedBit | LandedBit);

    private void AddTags(string[] tags)
    {
        if (tags.Length == 0 || tags.AsSpan().SequenceEqual(Tags))
        {
            return;
        }

        lock (this)
        {
            if ((Volatile.Read(ref _state) & SealedBit) == 0)
            {
                Volatile.Write(ref _tags, [.. _tags.Union(tags, StringComparer.Ordinal)]);
            }
        }
    }
}

/// <summary>A flight that brings a <typeparamref name="T"/>.</summary>
internal sealed class SingleFlight<T>(FlightKey key, string[] tags, long stamp, long order, bool isCancellable)
    : SingleFlight(key, tags, stamp, order, isCancellable)
{
    private TaskCompletionSource<Landing<T>>? _own;
    private TaskCompletionSource<Landing<T>>? _landing;

    public override Type ValueType => typeof(T);

    /// <summary>Ends when the flight lands, for those who have joined it.</summary>
    /// <exception cref="InvalidOperationException">Nobody had asked before it landed.</exception>
    public Task<Landing<T>> Landing
    {
        get
        {
            if (_landing is null && HasLanded)
            {
                throw new InvalidOperationException("The flight has landed, and nobody waited for it.");
            }

            PrepareLanding();
            return _landing!.Task;
        }
    }

    /// <summary>
    /// The same for the one who has begun it, first asked for before the factory runs. He goes on where the flight ends, without a change of threads; nobody
    /// else is kept waiting by what he does then.
    /// </summary>
    public Task<Landing<T>> Own => (_own ??= new TaskCompletionSource<Landing<T>>()).Task;

    public override bool HasWaiters => _own is not null || _landing is not null;

    public void Land(in Landing<T> landing)
    {
        SayLanded();
        _landing?.TrySetResult(landing);
        _own?.TrySetResult(landing);
    }

    public void Fail(Exception failure)
    {
        SayLanded();
        Fail(_landing, failure);
        Fail(_own, failure);
    }

    protected override void PrepareLanding()
    {
        if (_landing is null)
        {
            Interlocked.CompareExchange(ref _landing, new TaskCompletionSource<Landing<T>>(TaskCreationOptions.RunContinuationsAsynchronously), null);
        }
    }

    private static void Fail(TaskCompletionSource<Landing<T>>? waiters, Exception failure)
    {
        if (waiters is not null)
        {
            waiters.TrySetException(failure);
            _ = waiters.Task.Exception; // observed, also when every waiter has gone
        }
    }
}
