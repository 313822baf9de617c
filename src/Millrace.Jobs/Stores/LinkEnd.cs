using System.Runtime.InteropServices;

namespace Millrace.Jobs.Stores;

/// <summary>The end of a job that others may wait for.</summary>
/// <param name="Job">The job.</param>
/// <param name="Ended">Completed, dead, or cancelled, which stands for removed too.</param>
/// <param name="Result">The result of a completed one; null for none.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LinkEnd(JobAddress Job, JobState Ended, ReadOnlyMemory<byte>? Result);
