using System.Runtime.CompilerServices;

namespace Millrace.Caching.Local;

// The system's coarse clock in a field. To ask the system costs as much as a third of a look-up; so while caches are read, one thread of the process
// asks it every few milliseconds, and readers read the field. Each second the thread waits until somebody reads again: a process that rests is not
// woken, and a reader need not write down that it reads.
//
// The field is behind by the period, or by more if the thread gets no processor for longer: after a pause of the whole process (a debugger, SIGSTOP, a long
// collection), until it runs again. Whoever must not take that risk asks the system itself.
internal sealed class CoarseTime
{
    private const int Period = 8; // ms
    private const int Rounds = 128; // then it asks whether anybody still reads, by having the next reader ask for it

    private readonly object _gate = new(); // guards the two fields below; the keeper waits on it
    private Thread? _keeper;
    private bool _isWanted;
    private long _milliseconds; // 0: nobody keeps it

    private CoarseTime()
    {
    }

    /// <summary>The one of this process, for all caches: its thread is begun by the first reader.</summary>
    public static CoarseTime OfProcess { get; } = new();

#pragma warning disable RS0030 // callers use it only where TimeProvider.System was injected
    /// <summary>Milliseconds since the system started, asked of the system.</summary>
    public static long Exact => Environment.TickCount64;
#pragma warning restore RS0030

    /// <summary>The same, as it was a few milliseconds ago. Never goes back. Thread-safe.</summary>
    public long Now
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var now = Volatile.Read(ref _milliseconds);
            return now == 0 ? Begin() : now;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private long Begin()
    {
        if (!Volatile.Read(ref _isWanted)) // else the keeper is on its way
        {
            lock (_gate)
            {
                if (_keeper is null)
                {
                    _keeper = new Thread(Keep) { IsBackground = true, Name = "Millrace clock" };
                    _keeper.UnsafeStart();
                }

                Volatile.Write(ref _isWanted, true);
                Monitor.Pulse(_gate);
            }
        }

        return Exact;
    }

    private void Keep()
    {
        lock (_gate)
        {
            while (true)
            {
                while (!_isWanted)
                {
                    Monitor.Wait(_gate);
                }

                for (var round = 0; round < Rounds; round++)
                {
                    Volatile.Write(ref _milliseconds, Exact);
                    Monitor.Wait(_gate, Period);
                }

                Volatile.Write(ref _isWanted, false);
                Volatile.Write(ref _milliseconds, 0); // who reads it now says again that it is wanted
            }
        }
    }
}
