namespace Millrace.Jobs;

/// <summary>One claim of one job.</summary>
/// <param name="Queue">The job's queue.</param>
/// <param name="Id">The job.</param>
/// <param name="Token">The fencing token of the claim.</param>
public readonly record struct JobRun(string Queue, string Id, long Token);
