using System.Runtime.InteropServices;

namespace Millrace.Caching.Limiting;

/// <summary>What a store says to a request for permits.</summary>
/// <param name="IsAcquired">Whether they were granted.</param>
/// <param name="Remaining">The permits that could be had now, after this request.</param>
/// <param name="RetryAfter">When not granted: after which time they would be, if nobody else came.</param>
/// <param name="Reason">Why it was decided without the shared state; null when it was not.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Decision(bool IsAcquired, int Remaining, TimeSpan RetryAfter, string? Reason = null);
