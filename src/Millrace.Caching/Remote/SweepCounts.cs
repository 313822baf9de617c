namespace Millrace.Caching.Remote;

/// <summary>What this process has swept.</summary>
/// <param name="Finished">Sweeps that came to their end.</param>
/// <param name="Looked">Entries looked at.</param>
/// <param name="Removed">Invalidated entries removed.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct SweepCounts(long Finished, long Looked, long Removed)
{
    public static SweepCounts operator +(SweepCounts a, SweepCounts b) => new(a.Finished + b.Finished, a.Looked + b.Looked, a.Removed + b.Removed);
}
