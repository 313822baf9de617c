namespace Millrace.Caching.WriteBehind.Flushing;

/// <summary>What one loop waits on: a time, or an earlier one that others ask for.</summary>
internal sealed class WakeUp : IDisposable
{
    private readonly Lock _lock = new(); // guards the fields below
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long? _due; // a timestamp
    private bool _isDisposed;

    public WakeUp(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static self => ((WakeUp)self!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Wakes the loop after a time at the latest; also one that does not wait yet.</summary>
    public void Within(TimeSpan delay)
    {
        lock (_lock)
        {
            var due = _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
            if (_isDisposed || (_due is { } planned && planned <= due))
            {
                return;
            }

            _due = due;
            _timer.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Waits, no longer than a time; the token ends the wait without an exception.</summary>
    public async Task WaitAsync(TimeSpan most, CancellationToken cancellationToken)
    {
        Within(most);
        try
        {
            await _signal.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The caller looks at its token.
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        _timer.Dispose();
        _signal.Dispose();
    }

    private void Ring()
    {
        lock (_lock)
        {
            _due = null;
            if (!_isDisposed && _signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
    }
}
