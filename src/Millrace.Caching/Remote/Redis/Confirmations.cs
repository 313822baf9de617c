using System.Collections.Concurrent;

namespace Millrace.Caching.Remote.Redis;

/// <summary>Invalidations of this node that wait until the other nodes have confirmed them. Thread-safe.</summary>
internal sealed class Confirmations(TimeProvider time)
{
    private readonly ConcurrentDictionary<long, Waiting> _waiting = new(); // one per call that waits
    private long _last;

    /// <summary>Begins one, before it is sent.</summary>
    public long Begin()
    {
        var id = Interlocked.Increment(ref _last);
        _waiting[id] = new Waiting();
        return id;
    }

    /// <summary>A node has confirmed.</summary>
    public void Confirmed(long id, string node)
    {
        if (_waiting.TryGetValue(id, out var waiting))
        {
            waiting.Confirmed(node);
        }
    }

    /// <summary>Waits until each node has confirmed, or its trust has ended by the server's clock, so that it serves nothing as fresh.</summary>
    /// <param name="id">Which.</param>
    /// <param name="nodes">The nodes that were trusted when the invalidation took effect, and how long each still is without a renewal.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask WaitAsync(long id, IReadOnlyDictionary<string, TimeSpan> nodes, CancellationToken cancellationToken)
    {
        var waiting = _waiting[id];
        var began = time.GetTimestamp();
        while (waiting.LongestOf(nodes, time.GetElapsedTime(began)) is { } left && left > TimeSpan.Zero)
        {
            try
            {
                await waiting.Next(nodes).WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return; // those that are missing are fenced
            }
        }
    }

    public void End(long id) => _waiting.TryRemove(id, out _);

    private sealed class Waiting
    {
        private readonly Lock _lock = new(); // guards the fields below
        private readonly HashSet<string> _confirmed = new(StringComparer.Ordinal);
        private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Confirmed(string node)
        {
            lock (_lock)
            {
                _confirmed.Add(node);
                _next.TrySetResult();
            }
        }

        /// <summary>How long those that are missing may be waited for; null: none is missing.</summary>
        public TimeSpan? LongestOf(IReadOnlyDictionary<string, TimeSpan> nodes, TimeSpan elapsed)
        {
            lock (_lock)
            {
                TimeSpan? longest = null;
                foreach (var (node, left) in nodes)
                {
                    if (!_confirmed.Contains(node) && (longest is null || left - elapsed > longest))
                    {
                        longest = left - elapsed;
                    }
                }

                return longest;
            }
        }

        /// <summary>Ends with the next confirmation; at once if none is missing any more.</summary>
        public Task Next(IReadOnlyDictionary<string, TimeSpan> nodes)
        {
            lock (_lock)
            {
                if (nodes.Keys.All(_confirmed.Contains))
                {
                    return Task.CompletedTask;
                }

                if (_next.Task.IsCompleted)
                {
                    _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                return _next.Task;
            }
        }
    }
}
