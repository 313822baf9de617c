namespace Millrace.Jobs;

/// <summary>Where a job is found.</summary>
/// <param name="Queue">Its queue, for life.</param>
/// <param name="Id">The job.</param>
public readonly record struct JobAddress(string Queue, string Id);
