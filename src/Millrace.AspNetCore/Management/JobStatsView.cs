using Millrace.Jobs;

namespace Millrace.AspNetCore.Management;

/// <summary>Jobs by the numbers: what the store holds, and what this process has done since it started.</summary>
internal sealed record JobStatsView(JobTotals Totals, JobStatistics Process);
