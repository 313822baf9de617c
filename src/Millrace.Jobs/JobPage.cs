namespace Millrace.Jobs;

/// <summary>One page of a list.</summary>
/// <param name="Jobs">The jobs, in the order of <see cref="JobQuery"/>. A store that has to look at many jobs for a filter may return fewer than
/// asked for, even none, and go on with the next page.</param>
/// <param name="Next">Cursor of the next page; null when this is the last one.</param>
public sealed record JobPage(IReadOnlyList<JobRecord> Jobs, string? Next);
