namespace Millrace.Jobs;

/// <summary>One page of a list.</summary>
/// <param name="Jobs">The jobs, newest (last enqueued) first.</param>
/// <param name="Next">Cursor of the next page; null when this is the last one.</param>
public sealed record JobPage(IReadOnlyList<JobRecord> Jobs, string? Next);
