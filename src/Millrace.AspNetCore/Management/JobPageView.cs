namespace Millrace.AspNetCore.Management;

/// <summary>A page of jobs, last enqueued first.</summary>
internal sealed record JobPageView(IReadOnlyList<JobView> Jobs, string? Next);
