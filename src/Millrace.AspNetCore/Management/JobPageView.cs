namespace Millrace.AspNetCore.Management;

/// <summary>A page of jobs.</summary>
internal sealed record JobPageView(IReadOnlyList<JobView> Jobs, string? Next);
