namespace Millrace.Caching.Locking;

/// <summary>
/// Who waits in this process for which lock, in the order in which they came; only the first of each line asks the store. Bounded: beyond the bound
/// nobody may join. Thread-safe.
/// </summary>
internal sealed class WaitingLine(int limit)
{
    private readonly Lock _lock = new(); // guards the fields below and what is in them
    private readonly Dictionary<string, LinkedList<Place>> _lines = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Joins the line and returns when it is the caller's turn; he disposes his place when he wants nothing more.</summary>
    /// <exception cref="InvalidOperationException">Too many wait.</exception>
    public async ValueTask<Place> EnterAsync(string name, CancellationToken cancellationToken)
    {
        var place = new Place(this, name);
        lock (_lock)
        {
            if (_count >= limit)
            {
                throw new InvalidOperationException($"{limit} callers of this process wait for locks, which is the limit: lock '{name}' is refused. Let fewer wait, or for a shorter time.");
            }

            _count++;
            if (!_lines.TryGetValue(name, out var line))
            {
                _lines[name] = line = [];
            }

            place.Node = line.AddLast(place);
            if (line.First == place.Node)
            {
                place.Turn.SetResult();
            }
        }

        try
        {
            await place.Turn.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return place;
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    /// <summary>Wakes who is first in a line, or in all of them.</summary>
    public void Wake(string? name)
    {
        lock (_lock)
        {
            if (name is null)
            {
                foreach (var line in _lines.Values)
                {
                    line.First!.Value.Signal.TrySetResult();
                }
            }
            else if (_lines.TryGetValue(name, out var line))
            {
                line.First!.Value.Signal.TrySetResult();
            }
        }
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            if (place.Node is not { List: { } line } node)
            {
                return;
            }

            _count--;
            line.Remove(node);
            if (line.First is { } first)
            {
                first.Value.Turn.TrySetResult();
            }
            else
            {
                _lines.Remove(place.Name);
            }
        }
    }

    /// <summary>One caller's place in a line.</summary>
    public sealed class Place(WaitingLine owner, string name) : IDisposable
    {
        public string Name => name;

        public LinkedListNode<Place>? Node { get; set; }

        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Signal { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Begins to notice releases; those from before are forgotten. Call it before the store is asked.</summary>
        public void Arm()
        {
            lock (owner._lock)
            {
                if (Signal.Task.IsCompleted)
                {
                    Signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }

        public void Dispose() => owner.Leave(this);
    }
}
