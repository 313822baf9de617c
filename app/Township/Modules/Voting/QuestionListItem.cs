namespace Township.Modules.Voting;

/// <summary>A question as lists show it.</summary>
internal sealed record QuestionListItem
{
    public string Id { get; init; } = "";

    public string? OrganisationId { get; init; }

    public string? OrganisationName { get; init; }

    public string Title { get; init; } = "";

    public string Details { get; init; } = "";

    public long OpensAt { get; init; }

    public long ClosesAt { get; init; }

    public long Votes { get; init; }

    /// <summary>Votes of the last seven days; filled in for the trending list.</summary>
    public long Recent { get; init; }
}
