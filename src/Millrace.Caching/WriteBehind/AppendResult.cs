using System.Runtime.InteropServices;

namespace Millrace.Caching.WriteBehind;

/// <summary>The answer to a write.</summary>
/// <param name="Status">Whether it was kept.</param>
/// <param name="Sequence">Its number, greater than those of all writes of its partition before it; 0 where it was not kept.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AppendResult(AppendStatus Status, long Sequence);
