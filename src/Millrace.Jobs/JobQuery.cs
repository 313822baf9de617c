namespace Millrace.Jobs;

/// <summary>Which jobs to list, newest first. Filters that are set must all hold.</summary>
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

    /// <summary>Jobs per page, 1 to <see cref="JobLimits.MaximumPageSize"/>. Default 50.</summary>
    public int PageSize { get; init; } = 50;

    /// <summary><see cref="JobPage.Next"/> of the page before; null for the first page.</summary>
    public string? Cursor { get; init; }
}
