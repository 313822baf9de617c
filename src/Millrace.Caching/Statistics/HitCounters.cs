using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Millrace.Caching.Statistics;

// Hits per key pattern of one cache. An interlocked addition costs as much as a tenth of a look-up and makes the processor wait for all
// earlier reads; so each thread has cells of its own, which it alone writes, and whoever wants to know sums them up. Exact: what a thread has counted is
// seen by all who are told that it is done. The cells of a thread that has ended are added to those of the departed.
//
// Bound: one array of at most 2 x patterns + 16 numbers per thread that reads the cache, given back after the thread has ended.
internal sealed class HitCounters
{
    private const int Padding = 8; // numbers on each side, so that no two threads write to one cache line

    private readonly Lock _lock = new(); // guards the fields below
    private readonly List<Cells> _threads = [];
    private long[] _departed = [];
    private bool _closed;

    /// <summary>All hits. Costs one addition per thread and pattern.</summary>
    public long Total
    {
        get
        {
            lock (_lock)
            {
                AddDeparted();
                var sum = Sum(_departed, 0);
                foreach (var cells in _threads)
                {
                    sum += Sum(Volatile.Read(ref cells.Hits), Padding);
                }

                return sum;
            }
        }
    }

    public long Of(int pattern)
    {
        lock (_lock)
        {
            AddDeparted();
            var sum = pattern < _departed.Length ? _departed[pattern] : 0;
            foreach (var cells in _threads)
            {
                var hits = Volatile.Read(ref cells.Hits);
                sum += pattern < hits.Length - (2 * Padding) ? Volatile.Read(ref hits[pattern + Padding]) : 0;
            }

            return sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count(int pattern)
    {
        var cells = Cells.Latest;
        if (cells is not null && ReferenceEquals(cells.Owner, this))
        {
            var hits = cells.Hits;
            if ((uint)pattern < (uint)(hits.Length - (2 * Padding)))
            {
                Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(hits), (nuint)(uint)pattern + Padding)++;
                return;
            }
        }

        CountSlow(pattern);
    }

    /// <summary>Lets threads forget their cells; what they have counted stays.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }
    }

    private static long Sum(long[] hits, int padding)
    {
        var sum = 0L;
        for (var i = padding; i < hits.Length - padding; i++)
        {
            sum += Volatile.Read(ref hits[i]);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CountSlow(int pattern)
    {
        var own = Cells.Own;
        var cells = own?.Find(cells => ReferenceEquals(cells.Owner, this)) ?? Register();
        if (pattern + (2 * Padding) >= cells.Hits.Length)
        {
            var larger = new long[(2 * pattern) + (2 * Padding) + 8];
            cells.Hits.AsSpan(Padding, cells.Hits.Length - (2 * Padding)).CopyTo(larger.AsSpan(Padding));
            Volatile.Write(ref cells.Hits, larger);
        }

        Cells.Latest = cells;
        cells.Hits[pattern + Padding]++;
    }

    private Cells Register()
    {
        var cells = new Cells(this, Thread.CurrentThread);
        lock (_lock)
        {
            AddDeparted();
            _threads.Add(cells);
        }

        Cells.Own ??= [];
        Cells.Own.RemoveAll(static other => Volatile.Read(ref other.Owner._closed));
        Cells.Own.Add(cells);
        return cells;
    }

    private void AddDeparted()
    {
        for (var i = _threads.Count - 1; i >= 0; i--)
        {
            if (_threads[i].Thread.IsAlive)
            {
                continue;
            }

            var hits = _threads[i].Hits;
            _threads.RemoveAt(i);
            if (_departed.Length < hits.Length - (2 * Padding))
            {
                Array.Resize(ref _departed, hits.Length - (2 * Padding));
            }

            for (var pattern = 0; pattern < hits.Length - (2 * Padding); pattern++)
            {
                _departed[pattern] += hits[pattern + Padding];
            }
        }
    }

    /// <summary>What one thread has counted for one cache.</summary>
    private sealed class Cells(HitCounters owner, Thread thread)
    {
        [ThreadStatic]
        public static Cells? Latest; // of this thread, for the cache that it read last

        [ThreadStatic]
        public static List<Cells>? Own; // all of this thread

        public readonly HitCounters Owner = owner;
        public readonly Thread Thread = thread;
        public long[] Hits = new long[(2 * Padding) + 8];
    }
}
