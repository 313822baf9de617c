using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Millrace.Caching.Local;

/// <summary>What the processor is told beyond the program.</summary>
internal static class Processor
{
    /// <summary>Fetches what will be needed a little later, while the program goes on. A hint: it reads nothing, and does nothing on other processors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Prefetch<T>(ref readonly T place)
    {
        if (Sse.IsSupported)
        {
            // The address is used by this one instruction, which may be given any: should the collector move the object meanwhile, the hint comes to nothing.
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in place)));
        }
    }
}
