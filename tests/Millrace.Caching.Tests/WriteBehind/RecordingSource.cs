namespace Millrace.Caching.Tests;

/// <summary>A source that remembers what it got, can be closed (calls wait) and can refuse.</summary>
internal sealed class RecordingSource
{
    private readonly Lock _lock = new(); // guards everything below
    private readonly List<IReadOnlyList<WriteBehindWrite<string>>> _calls = [];
    private readonly List<DateTimeOffset> _refusedAt = [];
    private TaskCompletionSource _gate = Opened();
    private int _begun;
    private int _underWay;

    /// <summary>Why a call is refused; null, also from the function: it is not.</summary>
    public Func<IReadOnlyList<WriteBehindWrite<string>>, string?>? Refuse { get; set; }

    public int Begun => Volatile.Read(ref _begun);

    public int MostAtOnce { get; private set; }

    public int Refused => RefusedAt.Count;

    public IReadOnlyList<DateTimeOffset> RefusedAt
    {
        get
        {
            lock (_lock)
            {
                return [.. _refusedAt];
            }
        }
    }

    /// <summary>The calls that it took.</summary>
    public IReadOnlyList<IReadOnlyList<WriteBehindWrite<string>>> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>All that it took, in order.</summary>
    public IReadOnlyList<string> Writes => [.. Calls.SelectMany(static call => call).Select(static write => $"{write.Key}={write.Value}")];

    public void Close()
    {
        lock (_lock)
        {
            _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Open()
    {
        lock (_lock)
        {
            _gate.TrySetResult();
        }
    }

    public async Task TakeAsync(TimeProvider clock, IReadOnlyList<WriteBehindWrite<string>> writes, CancellationToken cancellationToken)
    {
        Task gate;
        lock (_lock)
        {
            _begun++;
            MostAtOnce = Math.Max(MostAtOnce, ++_underWay);
            gate = _gate.Task;
        }

        try
        {
            await gate.WaitAsync(cancellationToken);
            lock (_lock)
            {
                if (Refuse?.Invoke(writes) is { } reason)
                {
                    _refusedAt.Add(clock.GetUtcNow());
                    throw new InvalidOperationException(reason);
                }

                _calls.Add(writes);
            }
        }
        finally
        {
            lock (_lock)
            {
                _underWay--;
            }
        }
    }

    private static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }
}
