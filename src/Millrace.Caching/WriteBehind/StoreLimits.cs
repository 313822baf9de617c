using System.Runtime.InteropServices;

namespace Millrace.Caching.WriteBehind;

/// <summary>What one partition may hold.</summary>
/// <param name="Pending">Pending writes.</param>
/// <param name="Bytes">What they may weigh together.</param>
/// <param name="Dead">Dead writes; at the limit a write that should die stays pending and is tried again.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StoreLimits(int Pending, long Bytes, int Dead);
