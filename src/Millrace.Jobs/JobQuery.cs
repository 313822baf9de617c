namespace Millrace.Jobs;

/// <summary>Which jobs to list. Filters that are set must all hold.</summary>
/// <remarks>
/// <para>Jobs come by state: running (longest running first), waiting (in the order in which they will be claimed), scheduled (next due first), blocked (in order of enqueue),
/// dead, cancelled and completed (last ended first). With <see cref="Tag"/> they come whatever their state, last enqueued first within their queue.</para>
/// <para>Pages are found by key and not by offset, so jobs that come or go do not shift them; a job whose state changes meanwhile may be passed
/// over or seen twice.</para>
/// </remarks>
public sealed record JobQuery
{
    /// <summary>Only jobs in this state.</summary>
    public JobState? State { get; init; }

    /// <summary>Only jobs of this queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Only jobs of this registered name.</summary>
    public string? Type { get; init; }

    /// <summary>Only jobs with this tag.</summary>
    public string? Tag { get; init; }

    /// <summary>Only jobs of this time or a later one; null for no bound. The time is what their state is about: when running ones were started, waiting and scheduled ones are (or were) due,
    /// blocked ones were enqueued, dead, cancelled and completed ones ended.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Only jobs of an earlier time than this, as <see cref="From"/> tells; null for no bound.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Jobs per page, 1 to <see cref="JobLimits.MaximumPageSize"/>. Default 50.</summary>
    public int PageSize { get; init; } = 50;

    /// <summary><see cref="JobPage.Next"/> of the page before; null for the first page.</summary>
    public string? Cursor { get; init; }
}
