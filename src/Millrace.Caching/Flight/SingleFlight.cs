using Millrace.Caching.Local;

namespace Millrace.Caching.Flight;

/// <summary>One run of a factory that any number of callers wait for. It is cancelled when the last of them has gone.</summary>
/// <remarks>
/// Every miss makes one, so it is small: it has no lock object of its own but is one, nobody else locks it; and what waiters wait for is made when the
/// first of them comes.
/// </remarks>
/// <param name="key">What it brings.</param>
/// <param name="tags">The tags of its first caller.</param>
/// <param name="stamp">The stamp of the last invalidation.</param>
/// <param name="order">Its place among all reads of sources.</param>
/// <param name="isCancellable">Whether it can be cancelled: its first caller may go, or its source has a limit.</param>
internal abstract class SingleFlight(FlightKey key, string[] tags, long stamp, long order, bool isCancellable) : PendingRead(stamp, order), IDisposable
{
    private readonly CancellationTokenSource? _cancellation = isCancellable ? new() : null;
    private string[] _tags = tags; // this and the next two fields, and changes of IsAbandoned, are guarded by the lock on this object
    private int _waiters = 1;
    private bool _isSealed;
    private volatile bool _isCancelled;
    private volatile bool _isWaiting;

    public FlightKey Key { get; } = key;

    /// <summary>When it began, a timestamp of the cache's clock.</summary>
    public long StartedAt { get; init; }

    public abstract Type ValueType { get; }

    /// <summary>The token that the factory gets.</summary>
    public CancellationToken Token => _cancellation?.Token ?? CancellationToken.None;

    /// <summary>Whether the factory was asked to stop, or is not to begin.</summary>
    public bool IsCancelled => _isCancelled;

    /// <summary>True when nobody waits for it any more, and nobody may begin to.</summary>
    public bool IsAbandoned { get; private set; }

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

    /// <summary>Becomes a waiter; false when the flight is abandoned, or has landed and left nothing to wait for.</summary>
    public bool TryJoin(string[] tags)
    {
        lock (this)
        {
            if (IsAbandoned || !TryPrepareLanding())
            {
                return false;
            }

            _waiters++;
            if (!_isSealed && tags.Length > 0 && !tags.AsSpan().SequenceEqual(_tags))
            {
                Volatile.Write(ref _tags, [.. _tags.Union(tags, StringComparer.Ordinal)]);
            }

            return true;
        }
    }

    /// <summary>Stops waiting; true when that abandons a flight whose factory is still running.</summary>
    public bool Leave()
    {
        lock (this)
        {
            _waiters--;
            if (_waiters > 0 || _isSealed)
            {
                return false;
            }

            IsAbandoned = true;
            return true;
        }
    }

    /// <summary>Abandons a flight that only its own background work waits for; false when readers do.</summary>
    public bool TryAbandon()
    {
        lock (this)
        {
            IsAbandoned |= _waiters <= 1;
            return IsAbandoned;
        }
    }

    /// <summary>The factory has ended: the tags stay as they are, and there is nothing to abandon any more.</summary>
    public void Seal()
    {
        lock (this)
        {
            _isSealed = true;
        }
    }

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

    /// <summary>Makes what waiters wait for, under the lock; false when it is too late.</summary>
    protected abstract bool TryPrepareLanding();
}

/// <summary>A flight that brings a <typeparamref name="T"/>.</summary>
internal sealed class SingleFlight<T>(FlightKey key, string[] tags, long stamp, long order, bool isCancellable)
    : SingleFlight(key, tags, stamp, order, isCancellable)
{
    private TaskCompletionSource<Landing<T>>? _landing; // guarded by the lock on this object, and so is the next
    private bool _hasLanded;

    public override Type ValueType => typeof(T);

    /// <summary>Ends when the flight lands. First asked for before it does, by the flight's beginner or who joins.</summary>
    /// <exception cref="InvalidOperationException">It has landed, and nobody had asked.</exception>
    public Task<Landing<T>> Landing
    {
        get
        {
            lock (this)
            {
                return TryPrepareLanding() ? _landing!.Task : throw new InvalidOperationException("The flight has landed, and nobody waited for it.");
            }
        }
    }

    public void Land(in Landing<T> landing) => End()?.TrySetResult(landing);

    public void Fail(Exception failure)
    {
        if (End() is { } landing)
        {
            landing.TrySetException(failure);
            _ = landing.Task.Exception; // observed, also when every waiter has gone
        }
    }

    protected override bool TryPrepareLanding()
    {
        if (_landing is null && !_hasLanded)
        {
            _landing = new TaskCompletionSource<Landing<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return _landing is not null;
    }

    private TaskCompletionSource<Landing<T>>? End()
    {
        lock (this)
        {
            Seal(); // who leaves now abandons nothing
            _hasLanded = true;
            return _landing;
        }
    }
}
