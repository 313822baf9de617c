using System.Runtime.InteropServices;

namespace Millrace.Micro;

/// <summary>What a load reached.</summary>
/// <param name="PerSecond">Operations per second.</param>
/// <param name="AllocatedBytes">Bytes allocated per operation, those of the callers included.</param>
/// <param name="P50">Median of a call's time, in milliseconds.</param>
/// <param name="P99">99th percentile of a call's time, in milliseconds.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LoadResult(double PerSecond, double AllocatedBytes, double P50, double P99);
