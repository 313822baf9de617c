using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores.Sql.Postgres;

/// <summary>Where the lines of long queues begin, as this store knows it. Thread-safe.</summary>
/// <remarks>
/// <para>A claimed job leaves a dead entry at the front of its queue's index, and there it stays until the next vacuum, or for as long as any
/// transaction in the database is older than it: a claim that began at the very front would pass over hundreds of thousands of them. So a claim
/// begins where the last one found its first job, and looks at what has a higher priority besides.</para>
/// <para>What this passes over are jobs that come back to an old place among jobs of their own priority. When this store puts one back, it forgets
/// the front. Of what other stores put back it learns by looking at the whole line: every <see cref="Interval"/>, and
/// whenever a line has no more jobs than were asked for.</para>
/// </remarks>
internal sealed class LineFronts(TimeProvider clock)
{
    /// <summary>A front is used for this long; for longer after a look at a whole line that itself took long.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private const int LookShare = 20; // of the time at most one part in so many goes into looks at whole lines
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new(); // guards the two below
    private readonly Dictionary<string, Known> _known = new(StringComparer.Ordinal); // queues whose lines are long
    private long _version;

    /// <summary>Changes whenever a front is forgotten: a claim that began before must not bring it back.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Where to begin; <see cref="LineFront.Beginning"/> when it is time to look at the whole line.</summary>
    public LineFront Get(string queue)
    {
        lock (_lock)
        {
            return _known.TryGetValue(queue, out var known) && clock.GetElapsedTime(known.LookedAt) < known.Interval ? known.Front : LineFront.Beginning;
        }
    }

    /// <summary>Takes note of a claim.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="from">Where the claim began.</param>
    /// <param name="first">Its first job.</param>
    /// <param name="began">When it began, by the clock's timestamp.</param>
    /// <param name="version">The version then.</param>
    public void Found(string queue, LineFront from, LineFront first, long began, long version)
    {
        lock (_lock)
        {
            if (version != _version)
            {
                return;
            }

            if (from != LineFront.Beginning)
            {
                if (_known.TryGetValue(queue, out var known))
                {
                    _known[queue] = known with { Front = first };
                }

                return;
            }

            var interval = clock.GetElapsedTime(began) * LookShare;
            interval = interval < Interval ? Interval : interval > LongestInterval ? LongestInterval : interval;
            _known[queue] = new Known(first, began, interval);
        }
    }

    /// <summary>The next claim looks at the whole line.</summary>
    public void Forget(string queue)
    {
        lock (_lock)
        {
            _version++;
            _known.Remove(queue);
        }
    }

    /// <summary>So do those of all queues: what a claim took may have been given back.</summary>
    public void ForgetAll()
    {
        lock (_lock)
        {
            _version++;
            _known.Clear();
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Known(LineFront Front, long LookedAt, TimeSpan Interval);
}
