using System.Runtime.InteropServices;

namespace Millrace.Caching.Locking;

/// <summary>What a store says to somebody who wants a lock.</summary>
/// <param name="Token">The fencing token; 0 when it is another's.</param>
/// <param name="Remaining">When it is another's: the rest of the lease.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LockAnswer(long Token, TimeSpan Remaining)
{
    public bool IsAcquired => Token != 0;
}
