namespace Millrace.AspNetCore.Management;

/// <summary>All queues together.</summary>
internal sealed record JobTotals(long Waiting, long Delayed, long Retrying, long Blocked, long Running, long Completed, long Dead, long Cancelled);
