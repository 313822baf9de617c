using System.Runtime.InteropServices;

namespace Millrace.Jobs;

/// <summary>The answer to one <see cref="JobFinish"/>.</summary>
/// <param name="Status">Whether the transition took place.</param>
/// <param name="State">The state the job is in now; null when the store does not hold it. May differ from what was asked: a retry of a job whose cancellation was requested becomes cancelled.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FinishResult(FinishStatus Status, JobState? State);
