using System.Runtime.CompilerServices;

namespace Millrace.Caching.Local;

// The system's coarse clock in a field. To ask the system costs as much as a third of a look-up; so while caches are read, one thread of the process
// asks it every few milliseconds, and readers read the field. When nobody has read it for a second the thread waits until somebody does: a process
// that rests is not woken.
//
// The field is behind by the period, or by more if the thread gets no processor for longer: after a pause of the whole process (a debugger, SIGSTOP, a long
// collection), until it runs again. Whoever must not take that risk asks the system itself.
internal static class CoarseTime
{
    private const int Period = 8; // ms
    private const int RoundsPerLook = 128;

    private static readonly AutoResetEvent Wanted = new(initialState: false);
    private static readonly Lock Starting = new(); // guards _keeper
    private static Thread? _keeper;
    private static long _milliseconds; // 0: nobody keeps it
    private static bool _isRead; // since the keeper last looked

    /// <summary>Milliseconds since the system started. Never goes back. Thread-safe.</summary>
    public static long Now
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var now = Volatile.Read(ref _milliseconds);
            if (now == 0)
            {
                return Begin();
            }

            if (!_isRead)
            {
                _isRead = true; // written once a second, so that the field stays shared between processors
            }

            return now;
        }
    }

#pragma warning disable RS0030 // callers use it only where TimeProvider.System was injected
    /// <summary>The same, asked of the system.</summary>
    public static long Exact => Environment.TickCount64;
#pragma warning restore RS0030

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Begin()
    {
        _isRead = true;
        if (Volatile.Read(ref _keeper) is null)
        {
            lock (Starting)
            {
                if (_keeper is null)
                {
                    _keeper = new Thread(Keep) { IsBackground = true, Name = "Millrace clock" };
                    _keeper.UnsafeStart();
                }
            }
        }

        Wanted.Set();
        return Exact;
    }

    private static void Keep()
    {
        while (true)
        {
            Wanted.WaitOne();
            do
            {
                _isRead = false;
                for (var round = 0; round < RoundsPerLook; round++)
                {
                    Volatile.Write(ref _milliseconds, Exact);
                    Wanted.WaitOne(Period); // ends early when a reader came while nobody kept the time
                }
            }
            while (_isRead);

            Volatile.Write(ref _milliseconds, 0);
        }
    }
}
