using System.Runtime.InteropServices;

namespace Millrace.Caching.WriteBehind;

/// <summary>What a partition holds.</summary>
/// <param name="Pending">Pending writes.</param>
/// <param name="Bytes">What they weigh.</param>
/// <param name="Dead">Dead writes.</param>
/// <param name="OldestAge">How long the oldest pending write has waited; zero where there is none.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PartitionCounts(long Pending, long Bytes, long Dead, TimeSpan OldestAge);
