namespace Millrace.Jobs.Stores;

/// <summary>Wakes those of this process that wait for work. Thread-safe.</summary>
/// <remarks>No wake-up is lost when a waiter registers first, looks at the store next, and waits last.</remarks>
internal sealed class WorkSignal(TimeProvider clock)
{
    /// <summary>Longest single wait, which keeps within what timers can do.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly Lock _lock = new(); // guards the two below
    private readonly HashSet<Waiter> _waiters = [];
    private bool _closed;

    /// <summary>Begins to listen for the given queues; dispose to stop.</summary>
    public Waiter Register(IReadOnlyCollection<string> queues)
    {
        var waiter = new Waiter(this, queues);
        lock (_lock)
        {
            if (_closed)
            {
                waiter.Wake();
            }
            else
            {
                _waiters.Add(waiter);
            }
        }

        return waiter;
    }

    /// <summary>Wakes those that wait for this queue.</summary>
    public void Pulse(string queue)
    {
        lock (_lock)
        {
            foreach (var waiter in _waiters)
            {
                if (waiter.Queues.Contains(queue))
                {
                    waiter.Wake();
                }
            }
        }
    }

    /// <summary>Wakes everyone who waits now.</summary>
    public void PulseAll()
    {
        lock (_lock)
        {
            foreach (var waiter in _waiters)
            {
                waiter.Wake();
            }
        }
    }

    /// <summary>Wakes everyone, now and from now on.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (var waiter in _waiters)
            {
                waiter.Wake();
            }
        }
    }

    /// <summary>One that listens.</summary>
    internal sealed class Waiter(WorkSignal owner, IReadOnlyCollection<string> queues) : IDisposable
    {
        private readonly TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HashSet<string> Queues { get; } = new(queues, StringComparer.Ordinal);

        public void Wake() => _woken.TrySetResult();

        /// <summary>Completes when woken since <see cref="Register"/>, or after <paramref name="longest"/> (at least a millisecond: a wait of
        /// nothing would spin).</summary>
        public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
        {
            var delay = longest > LongestWait ? LongestWait : longest;
            delay = TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(delay.TotalMilliseconds)));
            using var timer = owner.Clock.CreateTimer(static state => ((Waiter)state!).Wake(), this, delay, Timeout.InfiniteTimeSpan);
            await _woken.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._waiters.Remove(this);
            }
        }
    }

    private TimeProvider Clock { get; } = clock;
}
