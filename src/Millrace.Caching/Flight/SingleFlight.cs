using Millrace.Caching.Local;

namespace Millrace.Caching.Flight;

/// <summary>One run of a factory that any number of callers wait for. It is cancelled when the last of them has gone.</summary>
internal abstract class SingleFlight(FlightKey key, Type valueType, string[] tags, long stamp, long order) : PendingRead(stamp, order), IDisposable
{
    private readonly Lock _lock = new(); // guards _waiters, _isSealed, and changes of _tags and IsAbandoned
    private readonly CancellationTokenSource _cancellation = new();
    private string[] _tags = tags;
    private int _waiters = 1;
    private bool _isSealed;

    public FlightKey Key { get; } = key;

    public Type ValueType { get; } = valueType;

    /// <summary>The token that the factory gets.</summary>
    public CancellationToken Token => _cancellation.Token;

    /// <summary>True when nobody waits for it any more, and nobody may begin to.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>The flights that this one's factory waits for; guarded by the graph lock of <see cref="FlightTable"/>.</summary>
    public List<SingleFlight>? Awaited { get; set; }

    /// <summary>The tags of all who joined while the factory ran: the value belongs to each of them.</summary>
    public string[] Tags => Volatile.Read(ref _tags);

    /// <summary>Becomes a waiter; false when the flight is abandoned.</summary>
    public bool TryJoin(string[] tags)
    {
        lock (_lock)
        {
            if (IsAbandoned)
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
        lock (_lock)
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

    /// <summary>The factory has ended: the tags stay as they are, and there is nothing to abandon any more.</summary>
    public void Seal()
    {
        lock (_lock)
        {
            _isSealed = true;
        }
    }

    /// <summary>Asks the factory to stop, without waiting for it.</summary>
    public void Cancel() => _ = _cancellation.CancelAsync(); // the callbacks are the factory's, and so are their exceptions

    public void Dispose()
    {
        if (!IsAbandoned) // else the source may be at work in Cancel; it holds nothing but memory
        {
            _cancellation.Dispose();
        }
    }
}

/// <summary>A flight that brings a <typeparamref name="T"/>.</summary>
internal sealed class SingleFlight<T>(FlightKey key, string[] tags, long stamp, long order) : SingleFlight(key, typeof(T), tags, stamp, order)
{
    private readonly TaskCompletionSource<Landing<T>> _landing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Landing<T>> Landing => _landing.Task;

    public void Land(in Landing<T> landing) => _landing.TrySetResult(landing);

    public void Fail(Exception failure)
    {
        _landing.TrySetException(failure);
        _ = _landing.Task.Exception; // observed, also when every waiter has gone
    }
}
